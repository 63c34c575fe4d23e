import { expect, test } from 'vitest';
import type { MachineEvent } from '../src/machine-events.js';
import type { RunningMachine } from '../src/running-machine.js';
import { bound, changed, DISK, errnoOf, LIVE, type LiveOptions, live, NIC, snapshot } from './support/live.js';

/** The network card with its driver. */
const withIgb = (options: LiveOptions = {}): RunningMachine => {
  const running = live(options);
  running.kernelDrivers.register('igb', { ids: ['8086:10c9'] });
  return running;
};

const vfs = (running: RunningMachine): string[] =>
  running.topology.devices.filter(({ isVirtualFunction }) => isVirtualFunction).map(({ name }) => name);

const set = (running: RunningMachine, count: number, name = NIC): string | undefined =>
  errnoOf(() => running.setVfs(running.device(name), count));

test('virtual functions come where offset and stride put them, each with a group of its own', () => {
  const running = withIgb();
  expect(set(running, 3)).toBeUndefined();
  expect(vfs(running)).toEqual(['0000:03:10.0', '0000:03:10.2', '0000:03:10.4']);
  expect(vfs(running).map((name) => running.iommu.groups.of(running.device(name))?.devices.length)).toEqual([1, 1, 1]);
  expect(running.device('03:10.2').path).toBe('pci0000:00/0000:00:03.0/0000:03:10.2');
});

test('they may come to a bus of their own', () => {
  const functions = LIVE.functions.map((fn) => {
    if (fn.address === '0000:00:03.0') return { ...fn, subordinateBus: 4 };
    if (fn.address === NIC) return { ...fn, sriov: { totalVfs: 4, offset: 0x100, stride: 1 } };
    return fn;
  });
  const running = withIgb({ functions: functions.filter(({ address }) => !/:0[45]:|:04\.0$/.test(address)) });
  set(running, 2);
  expect(vfs(running)).toEqual(['0000:04:00.0', '0000:04:00.1']);
  expect(running.device('04:00.1').path).toBe('pci0000:00/0000:00:03.0/0000:04:00.1');
  set(running, 0);
  expect(running.topology.at(0, 0x400)).toBeUndefined();
});

test('of one that was never read is known what SR-IOV says', () => {
  const functions = changed(NIC, { revision: '01', subsystem: '8086:a02b' });
  const running = withIgb({ functions });
  set(running, 1);
  expect(running.topology.find('0000:03:10.0')).toMatchObject({
    facts: {
      vendor: 0x8086,
      device: 0x10ca,
      classCode: 0x020000,
      revision: 1,
      subsystemVendor: 0x8086,
      subsystemDevice: 0xa02b,
      headerType: 0,
      express: 0,
      acs: undefined,
    },
    multifunction: false,
  });
  const { config } = running.topology.find('0000:03:10.0')?.description ?? {};
  // No vendor, no device; nothing switched on; a list of capabilities; revision and class; header type 0.
  expect([...(config ?? [])].slice(0, 0x10)).toEqual([
    0xff, 0xff, 0xff, 0xff, 0, 0, 0x10, 0, 0x01, 0x00, 0x00, 0x02, 0, 0, 0, 0,
  ]);
  expect([...(config ?? [])].slice(0x10)).toEqual([...Array(0x1c).fill(0), 0x86, 0x80, 0x2b, 0xa0, 0, 0, 0, 0]);
});

test('where the capability does not tell their device id it is not known, nor a header without a class', () => {
  const functions = changed(NIC, { sriov: { totalVfs: 1, offset: 1, stride: 1 }, class: '0200' }).map((fn) =>
    fn.address === NIC ? Object.fromEntries(Object.entries(fn).filter(([key]) => key !== 'class')) : fn,
  ) as typeof LIVE.functions;
  const running = withIgb({ functions });
  set(running, 1);
  const { description, facts } = running.topology.find('0000:03:00.1') ?? {};
  expect([facts?.vendor, facts?.device, facts?.classCode, description?.config]).toEqual([
    0x8086,
    undefined,
    undefined,
    undefined,
  ]);
});

const KNOWN = ['0000:03:10.0', '0000:03:10.2'].map((address) => ({
  address,
  parent: '0000:00:03.0',
  id: '8086:10ca',
  class: '020000',
  label: 'a virtual function',
  physicalFunction: '03:00.0',
  driver: 'igbvf',
}));

test('those of the description come back as they were, further ones like them', () => {
  const running = live({ functions: [...changed(NIC, { driver: 'igb' }), ...KNOWN] });
  expect(running.sriovOf(running.device(NIC))?.numVfs).toBe(2);
  set(running, 0);
  set(running, 3);
  expect(vfs(running)).toEqual(['0000:03:10.0', '0000:03:10.2', '0000:03:10.4']);
  expect(running.topology.find('0000:03:10.4')?.description).toMatchObject({
    label: 'a virtual function',
    physicalFunction: '03:00.0',
  });
  expect(bound(running)).toMatchObject({ '0000:03:10.0': 'igbvf', '0000:03:10.4': 'igbvf' });
});

test('without the capability in the description, its virtual functions tell where they are and how many', () => {
  const functions = [...changed(NIC, { driver: 'mynic' }), ...KNOWN].map((fn) => {
    const { sriov, ...rest } = fn as (typeof LIVE.functions)[number];
    return rest;
  });
  const running = live({ functions });
  expect(running.sriovOf(running.device(NIC))).toEqual({
    numVfs: 2,
    totalVfs: 2,
    offset: 0x80,
    stride: 2,
    deviceId: undefined,
    driversAutoprobe: true,
  });
  // A driver that is not known, but that must have made them.
  expect([set(running, 0), set(running, 3), set(running, 2)]).toEqual([undefined, 'ERANGE', undefined]);
  expect(vfs(running)).toEqual(['0000:03:10.0', '0000:03:10.2']);
});

const REFUSED: readonly (readonly [string, string, number, (running: RunningMachine) => void])[] = [
  ['more than there can be', 'ERANGE', 9, () => {}],
  ['more than the driver allows', 'ERANGE', 8, () => {}],
  ['another number than there is', 'EBUSY', 3, (running) => running.setVfs(running.device(NIC), 2)],
  ['no driver', 'ENOENT', 2, ({ kernelDrivers }) => kernelDrivers.unbind('igb', NIC)],
  ['a number below 0', 'EINVAL', -1, () => {}],
  ['a fraction', 'EINVAL', 1.5, () => {}],
];

test.each(REFUSED)('%s gives %s and changes nothing', (_, errno, count, prepare) => {
  const running = withIgb();
  prepare(running);
  const before = snapshot(running);
  expect(set(running, count)).toBe(errno);
  expect(snapshot(running)).toEqual(before);
});

test.each(['pci-stub', 'foo', 'vfio-pci'])('a driver that does not configure SR-IOV (%s) gives ENOENT', (driver) => {
  const running = live();
  running.kernelDrivers.register(driver);
  running.bindDriver(running.device(NIC), driver);
  expect(set(running, 2)).toBe('ENOENT');
});

test.each([
  ['pci-pf-stub', '4.17', 'ENOENT'],
  ['pci-pf-stub', '4.18', undefined],
  ['vfio-pci', '5.6', 'ENOENT'],
  ['vfio-pci', '5.7', undefined],
])('%s of %s gives %s', (driver, release, errno) => {
  const running = live({ release, commandLine: 'vfio-pci.enable_sriov=1' });
  running.bindDriver(running.device(NIC), driver);
  expect(set(running, 2)).toBe(errno);
});

test.each([DISK, '0000:00:03.0'])('%s has no such files', (name) => {
  const running = live();
  const device = running.device(name);
  expect([running.sriovOf(device), set(running, 0, name)]).toEqual([undefined, 'ENOENT']);
  expect(errnoOf(() => running.setVfsAutoprobe(device, false))).toBe('ENOENT');
});

test('nor has a virtual function', () => {
  const running = withIgb();
  set(running, 1);
  const device = running.device('03:10.0');
  expect([running.sriovOf(device), errnoOf(() => running.setVfs(device, 0))]).toEqual([undefined, 'ENOENT']);
});

test('the number that there is is taken, with or without a driver', () => {
  const running = withIgb();
  set(running, 2);
  const before = snapshot(running);
  expect(set(running, 2)).toBeUndefined();
  expect(snapshot(running)).toEqual(before);
  running.kernelDrivers.unbind('igb', NIC);
  expect(set(running, 0)).toBeUndefined();
});

test('more than the buses behind the bridge have numbers for gives ENOMEM and changes nothing', () => {
  const running = withIgb({ functions: changed(NIC, { sriov: { totalVfs: 7, offset: 0xfe, stride: 1 } }) });
  const before = snapshot(running);
  expect(set(running, 3)).toBe('ENOMEM');
  expect(snapshot(running)).toEqual(before);
  expect(set(running, 2)).toBeUndefined();
});

const heard = (running: RunningMachine): string[] => {
  const events: string[] = [];
  const name = (event: MachineEvent): string => ('device' in event ? event.device.name : '');
  running.on((event) => events.push(`${event.type} ${name(event)}`.trim()));
  return events;
};

test('with 0 they go, the first first', () => {
  const running = withIgb();
  set(running, 2);
  const events = heard(running);
  set(running, 0);
  expect(events).toEqual([
    'del-device 0000:03:10.0',
    'device-left 0000:03:10.0',
    'group-removed',
    'device-removed 0000:03:10.0',
    'del-device 0000:03:10.2',
    'device-left 0000:03:10.2',
    'group-removed',
    'device-removed 0000:03:10.2',
    `vfs-changed ${NIC}`,
  ]);
});

test('they go when most drivers let go of the physical function', () => {
  const running = withIgb();
  set(running, 1);
  const events = heard(running);
  running.kernelDrivers.unbind('igb', NIC);
  expect([vfs(running), running.sriovOf(running.device(NIC))?.numVfs]).toEqual([[], 0]);
  expect(events).toEqual([
    `unbind-driver ${NIC}`,
    'del-device 0000:03:10.0',
    'device-left 0000:03:10.0',
    'group-removed',
    'device-removed 0000:03:10.0',
    `vfs-changed ${NIC}`,
    `unbound-driver ${NIC}`,
    `driver-unbound ${NIC}`,
  ]);
});

test('some drivers leave them, and without a driver nobody can switch them off', () => {
  const running = live();
  running.bindDriver(running.device(NIC), 'nvme');
  set(running, 2);
  running.kernelDrivers.unbind('nvme', NIC);
  expect([vfs(running).length, set(running, 2), set(running, 0)]).toEqual([2, undefined, 'ENOENT']);
});

test('where such ones are still there, a physical function that came back gets none', () => {
  const running = live();
  running.bindDriver(running.device(NIC), 'nvme');
  set(running, 2);
  running.removeDevice(running.device(NIC));
  running.rescan();
  expect(bound(running)).toEqual({ [NIC]: 'nvme' });
  const before = snapshot(running);
  expect([running.sriovOf(running.device(NIC))?.numVfs, set(running, 0), set(running, 1)]).toEqual([
    0,
    undefined,
    'ENOENT',
  ]);
  expect(snapshot(running)).toEqual(before);
});

test('they go with the bridge above, and with the hardware', () => {
  for (const act of ['remove', 'unplug'] as const) {
    const running = live();
    running.bindDriver(running.device(NIC), 'nvme');
    set(running, 2);
    if (act === 'remove') running.removeDevice(running.device('00:03.0'));
    else running.unplug(NIC);
    expect(vfs(running)).toEqual([]);
  }
});

test('one that was removed still counts, and no rescan finds it', () => {
  const running = withIgb();
  set(running, 2);
  running.removeDevice(running.device('03:10.0'));
  expect([running.rescan(), running.sriovOf(running.device(NIC))?.numVfs, vfs(running)]).toEqual([
    [],
    2,
    ['0000:03:10.2'],
  ]);
  set(running, 0);
  expect(vfs(running)).toEqual([]);
});

test('drivers are probed for each as it comes, unless sriov_drivers_autoprobe is off', () => {
  const running = withIgb();
  running.kernelDrivers.register('igbvf', { ids: ['8086:10ca'] });
  const order: string[] = [];
  running.on((event) => {
    if (event.type === 'device-added' || event.type === 'driver-bound')
      order.push(`${event.type} ${event.device.name}`);
  });
  set(running, 2);
  expect(order).toEqual([
    'device-added 0000:03:10.0',
    'driver-bound 0000:03:10.0',
    'device-added 0000:03:10.2',
    'driver-bound 0000:03:10.2',
  ]);
  set(running, 0);
  running.setVfsAutoprobe(running.device(NIC), false);
  set(running, 2);
  expect(bound(running)).toEqual({ [NIC]: 'igb' });
  expect(errnoOf(() => running.kernelDrivers.bind('igbvf', '0000:03:10.0'))).toBe('ENODEV');
  running.kernelDrivers.setOverride(running.device('03:10.0'), 'igbvf');
  running.kernelDrivers.bind('igbvf', '0000:03:10.0');
  running.setVfsAutoprobe(running.device(NIC), true);
  running.kernelDrivers.bind('igbvf', '0000:03:10.2');
  expect(bound(running)).toEqual({ [NIC]: 'igb', '0000:03:10.0': 'igbvf', '0000:03:10.2': 'igbvf' });
});

test('vfio-pci makes them only when its module was told so, and keeps them for VFIO', () => {
  const running = live();
  running.kernelDrivers.register('vfio-pci', { parameters: { enable_sriov: '1' } });
  running.kernelDrivers.setOverride(running.device(NIC), 'vfio-pci');
  running.kernelDrivers.probe(NIC);
  expect(set(running, 2)).toBeUndefined();
  expect(running.kernelDrivers.overrideOf(running.device('03:10.2'))).toBe('vfio-pci');
  expect(bound(running)).toEqual({ [NIC]: 'vfio-pci', '0000:03:10.0': 'vfio-pci', '0000:03:10.2': 'vfio-pci' });
  running.kernelDrivers.unbind('vfio-pci', NIC);
  expect(vfs(running)).toEqual([]);
});

test.each([
  ['vfio-pci.enable_sriov=1', undefined],
  ['vfio_pci.enable_sriov', undefined],
  ['vfio-pci.enable_sriov=Y', undefined],
  ['vfio-pci.enable_sriov=0', 'ENOENT'],
  ['', 'ENOENT'],
])('vfio-pci with %j on the command line gives %s', (commandLine, errno) => {
  const running = live({ commandLine });
  running.kernelDrivers.register('vfio-pci');
  running.bindDriver(running.device(NIC), 'vfio-pci');
  expect(set(running, 1)).toBe(errno);
});

test('vfio-pci does not take a function whose virtual ones are on', () => {
  const running = live();
  running.kernelDrivers.register('vfio-pci');
  running.bindDriver(running.device(NIC), 'nvme');
  set(running, 1);
  running.kernelDrivers.unbind('nvme', NIC);
  running.kernelDrivers.setOverride(running.device(NIC), 'vfio-pci');
  expect(errnoOf(() => running.kernelDrivers.bind('vfio-pci', NIC))).toBe('EBUSY');
});
