import { expect, test } from 'vitest';
import { endpoint, layOut, rootPort } from '../src/build.js';
import type { MachinePciFunction } from '../src/machine.js';
import type { RunningMachine } from '../src/running-machine.js';
import { bound, changed, DISK, LIVE, live, NIC, snapshot, TWIN, USB } from './support/live.js';
import { toy } from './support/toy.js';

const BRIDGE = '0000:00:01.0';

/** A port with a card behind it, where nothing is yet. */
const MORE = layOut([{ devices: [rootPort({ slot: 8, acs: true }, [endpoint({ id: '1b36:0010', class: '010802' })])] }])
  .functions.map((fn) => (fn.address === DISK ? { ...fn, address: '0000:08:00.0' } : fn))
  .map((fn) => (fn.secondaryBus === undefined ? fn : { ...fn, secondaryBus: 8, subordinateBus: 8 }));

const names = (devices: readonly { readonly name: string }[]): string[] => devices.map(({ name }) => name);
const plugged = ({ hardware }: RunningMachine): string[] => hardware.map(({ address }) => address);

test('what is described is plugged in, virtual functions apart', () => {
  const virtual = { address: '0000:03:10.0', physicalFunction: NIC };
  const running = live({ functions: [...LIVE.functions, virtual] });
  expect(plugged(running)).toEqual(LIVE.functions.map(({ address }) => address));
});

test('hardware whose port tells the kernel is registered at once, bridges before what is behind them', () => {
  const running = live();
  expect(names(running.plug([...MORE].reverse()))).toEqual(['0000:00:08.0', '0000:08:00.0']);
  expect(running.device('08:00.0').path).toBe('pci0000:00/0000:00:08.0/0000:08:00.0');
});

test('drivers are probed when all of it is there', () => {
  const running = live();
  running.kernelDrivers.register('nvme');
  const order: string[] = [];
  running.on((event) => {
    if (event.type === 'device-added' || event.type === 'driver-bound')
      order.push(`${event.type} ${event.device.name}`);
  });
  running.plug(MORE);
  expect(order).toEqual([
    'device-added 0000:00:08.0',
    'device-added 0000:08:00.0',
    'driver-bound 0000:00:08.0',
    'driver-bound 0000:08:00.0',
  ]);
});

test('hardware of which the kernel is not told is found by a rescan only', () => {
  const running = live();
  expect(running.plug(MORE, { notify: false })).toEqual([]);
  expect([plugged(running).length, running.find('08:00.0')]).toEqual([LIVE.functions.length + 2, undefined]);
  expect(names(running.rescan())).toEqual(['0000:00:08.0', '0000:08:00.0']);
});

test('the slot of what is announced is looked at, and no other', () => {
  const running = live();
  const at = (address: string): MachinePciFunction => ({ address, parent: null, class: '020000', headerType: 0 });
  running.plug([at('0000:00:10.1'), at('0000:00:11.0')], { notify: false });
  expect(names(running.plug([at('0000:00:10.0')]))).toEqual(['0000:00:10.0', '0000:00:10.1']);
});

test('a function above 0 is not found while its slot has no function 0', () => {
  const running = live();
  const at = (fn: number): MachinePciFunction => ({ address: `0000:00:10.${fn}`, parent: null, class: '020000' });
  expect([running.plug([at(2)]), running.rescan()]).toEqual([[], []]);
  expect(names(running.plug([at(0)]))).toEqual(['0000:00:10.0', '0000:00:10.2']);
});

test('one that was there without a function 0 from the beginning is found again', () => {
  const running = live({ functions: [{ address: '0000:00:10.2', class: '020000' }] });
  running.removeDevice(running.device('00:10.2'));
  expect(names(running.rescan())).toEqual(['0000:00:10.2']);
});

test('behind a port all functions are of one slot', () => {
  const running = live();
  const ari = { ...LIVE.functions.find(({ address }) => address === DISK), address: '0000:01:01.0' };
  expect(names(running.plug([ari]))).toEqual(['0000:01:01.0']);
  running.unplug(DISK);
  running.removeDevice(running.device('01:01.0'));
  expect(running.rescan()).toEqual([]);
});

test('what is behind a bridge that is not registered is not found', () => {
  const running = live();
  running.plug(MORE, { notify: false });
  const [, card] = MORE as [MachinePciFunction, MachinePciFunction];
  running.unplug('0000:08:00.0');
  expect(running.plug([card])).toEqual([]);
  expect(plugged(running)).toContain('0000:08:00.0');
});

test('nor is what names a bridge above that is not plugged in', () => {
  const running = live();
  const card = { address: '0000:09:00.0', parent: '0000:00:09.0', class: '020000' };
  expect([running.plug([card]), running.rescan()]).toEqual([[], []]);
});

const FAULTS: readonly (readonly [string, string, readonly MachinePciFunction[]])[] = [
  ['what is there', 'ERR_PCI_DUPLICATE', [...MORE, ...LIVE.functions.filter(({ address }) => address === DISK)]],
  ['the same twice', 'ERR_PCI_DUPLICATE', [...MORE, ...MORE]],
  ['what has no address', 'ERR_PCI_ADDRESS', [...MORE, { address: 'x' }]],
  ['bytes that are none', 'ERR_MACHINE', [...MORE, { address: '0000:00:09.0', config: '#' }]],
  ['a virtual function', 'ERR_MACHINE', [...MORE, { address: '0000:03:10.0', physicalFunction: NIC }]],
];

test.each(FAULTS)('plugging in %s is refused, and nothing is plugged in', (_, code, functions) => {
  const running = live();
  const before = snapshot(running);
  expect(() => running.plug(functions)).toThrow(expect.objectContaining({ code }));
  expect(snapshot(running)).toEqual(before);
});

const failsOn = (name: string) =>
  toy({
    probeDevice: (device) => {
      if (device.name === name) throw new Error('broken');
      return undefined;
    },
  });

test('a driver that fails on one of several takes all of them back', () => {
  const running = live({ drivers: [failsOn('0000:08:00.0')] });
  const before = snapshot(running);
  expect(() => running.plug(MORE)).toThrow(expect.objectContaining({ code: 'ERR_DRIVER_CONTRACT' }));
  expect(snapshot(running)).toEqual(before);
  running.plug(MORE, { notify: false });
  expect(() => running.rescan()).toThrow(expect.objectContaining({ code: 'ERR_DRIVER_CONTRACT' }));
  expect(running.find('00:08.0')).toBeUndefined();
});

test('hardware that is unplugged is removed, and no rescan finds it', () => {
  const running = live();
  running.unplug(running.device(DISK));
  expect([running.find(DISK), plugged(running).includes(DISK), running.rescan()]).toEqual([undefined, false, []]);
});

test('all behind a bridge goes with it, registered or not', () => {
  const running = live();
  running.removeDevice(running.device('05:01.0'));
  running.unplug('0000:00:04.0');
  expect(plugged(running).filter((address) => /:0[45]:/.test(address))).toEqual([]);
  expect(names(running.devices).filter((name) => /:0[45]:/.test(name))).toEqual([]);
});

test('so does the segment that an endpoint hosts', () => {
  const hosted: MachinePciFunction[] = [
    {
      address: '10000:e0:06.0',
      class: '060400',
      headerType: 1,
      secondaryBus: 0xe1,
      subordinateBus: 0xe1,
      segmentHost: DISK,
    },
    { address: '10000:e1:00.0', class: '010802', headerType: 0, parent: '10000:e0:06.0' },
  ];
  const running = live({ functions: [...LIVE.functions, ...hosted] });
  running.removeDevice(running.device(DISK));
  expect(names(running.rescan())).toEqual([DISK, '10000:e0:06.0', '10000:e1:00.0']);
  running.unplug(DISK);
  expect(names(running.devices).filter((name) => name.startsWith('1'))).toEqual([]);
  expect(running.rescan()).toEqual([]);
});

test('what is plugged in and not registered is unplugged by its address', () => {
  const running = live();
  running.removeDevice(running.device(DISK));
  running.unplug('01:00.0');
  expect(running.rescan()).toEqual([]);
});

test.each([
  ['what is not there', (running: RunningMachine) => running.unplug('0000:0f:00.0')],
  ['what is no address', (running: RunningMachine) => running.unplug('eth0')],
  ['a device of another machine', (running: RunningMachine) => running.unplug(live().device(DISK))],
  [
    'a device that was removed',
    (running: RunningMachine) => {
      const device = running.device(DISK);
      running.removeDevice(device);
      running.rescan();
      running.unplug(device);
    },
  ],
])('unplugging %s is refused', (_, act) => {
  expect(() => act(live())).toThrow(expect.objectContaining({ code: 'ERR_DEVICE_UNKNOWN' }));
});

test('a rescan of one bus finds what is on it and behind it', () => {
  const running = live();
  for (const name of [DISK, NIC, '0000:04:00.0']) running.removeDevice(running.device(name));
  const behind = (name: string) => running.topology.find(name)?.subordinate;
  expect(names(running.rescan(behind('0000:00:04.0')))).toEqual(['0000:04:00.0', '0000:05:00.0', '0000:05:01.0']);
  expect(running.rescan(behind('0000:00:02.0'))).toEqual([]);
  expect(names(running.rescan(running.topology.find(BRIDGE)?.pciBus))).toEqual([DISK, NIC]);
});

test('a rescan goes bus by bus as a scan does, root buses in the order of the description', () => {
  const at = (address: string, more: Partial<MachinePciFunction> = {}): MachinePciFunction => ({
    address,
    class: '020000',
    headerType: 0,
    ...more,
  });
  const bridge = (address: string, bus: number) =>
    at(address, { class: '060400', headerType: 1, secondaryBus: bus, subordinateBus: bus });
  const functions = [
    bridge('0000:00:02.0', 5),
    bridge('0000:00:03.0', 1),
    at('0000:05:00.0'),
    at('0000:01:00.0'),
    at('0000:80:00.0', { parent: null }),
  ];
  const running = live({ functions, machine: { pci: { functions, rootBuses: ['0000:80', '0000:00'] } } });
  for (const name of ['0000:00:02.0', '0000:00:03.0', '0000:80:00.0']) running.removeDevice(running.device(name));
  expect(names(running.rescan())).toEqual([
    '0000:80:00.0',
    '0000:00:02.0',
    '0000:00:03.0',
    '0000:05:00.0',
    '0000:01:00.0',
  ]);
});

test.each([
  ['6.18', true],
  ['6.19', false],
])('on %s a device that comes while autoprobe is off has a driver: %s', (release, hasDriver) => {
  const running = live({ release });
  running.kernelDrivers.register('nvme');
  running.kernelDrivers.autoprobe = false;
  running.removeDevice(running.device(DISK));
  running.rescan();
  expect(DISK in bound(running)).toBe(hasDriver);
});

test('what is described as bound to a driver that knows its devices is bound to it when it comes, and so are its like', () => {
  const running = live();
  running.unplug(NIC);
  const [card] = changed(NIC, { driver: 'igb' }).filter(({ address }) => address === NIC) as [MachinePciFunction];
  running.plug([card]);
  expect([running.kernelDrivers.names, bound(running)]).toEqual([['pcieport', 'igb'], { [NIC]: 'igb' }]);
});

test('what is described as bound to a driver that is told of each device is not', () => {
  const running = live({ functions: changed(DISK, { driver: 'vfio-pci' }) });
  running.removeDevice(running.device(DISK));
  running.rescan();
  expect(bound(running)).toEqual({});
});

test('bridges let go of their drivers from behind and the last first, and leave from behind and the first first', () => {
  const running = live({ functions: changed('0000:04:00.0', { driver: 'shpchp' }) });
  running.kernelDrivers.register('pci-stub');
  running.kernelDrivers.newId('pci-stub', '1234 11e8');
  const order: string[] = [];
  running.on((event) => {
    if (event.type === 'driver-unbound' || event.type === 'device-removed')
      order.push(`${event.type} ${event.device.name}`);
  });
  running.removeDevice(running.device('00:04.0'));
  expect(order).toEqual([
    'driver-unbound 0000:05:01.0',
    'driver-unbound 0000:05:00.0',
    'driver-unbound 0000:04:00.0',
    'driver-unbound 0000:00:04.0',
    'device-removed 0000:05:00.0',
    'device-removed 0000:05:01.0',
    'device-removed 0000:04:00.0',
    'device-removed 0000:00:04.0',
  ]);
});

test('a device leaves its group, which ends with the last, and only then is gone', () => {
  const running = live();
  running.kernelDrivers.register('nvme');
  const order: string[] = [];
  running.on((event) => {
    const what = 'device' in event ? event.device.name : 'group' in event ? `group ${event.group.id}` : '';
    order.push(`${event.type} ${what}`);
  });
  const id = running.iommu.groups.of(running.device(TWIN))?.id;
  running.removeDevice(running.device(TWIN));
  running.removeDevice(running.device(USB));
  expect(order).toEqual([
    `unbind-driver ${TWIN}`,
    `unbound-driver ${TWIN}`,
    `driver-unbound ${TWIN}`,
    `del-device ${TWIN}`,
    `device-left ${TWIN}`,
    `device-removed ${TWIN}`,
    `del-device ${USB}`,
    `device-left ${USB}`,
    `group-removed group ${id}`,
    `device-removed ${USB}`,
  ]);
});

test('a listener that is taken off hears nothing more', () => {
  const running = live();
  let heard = 0;
  const off = running.on(() => heard++);
  running.removeDevice(running.device(DISK));
  const before = heard;
  off();
  running.rescan();
  expect([before > 0, heard]).toEqual([true, before]);
});

test('devices of other buses come and go with the same events', () => {
  const running = live();
  const order: string[] = [];
  const device = { name: '9040000.ethernet', bus: 'platform', path: 'platform/9040000.ethernet' };
  running.on((event) => {
    if (event.type.startsWith('device-') || event.type.startsWith('driver-')) order.push(event.type);
  });
  running.bindDriver(running.addDevice(device), 'dwmac');
  running.removeDevice(running.device(device.name));
  expect([order, running.kernelDrivers.names]).toEqual([
    ['device-added', 'driver-bound', 'driver-unbound', 'device-left', 'device-removed'],
    ['pcieport'],
  ]);
});
