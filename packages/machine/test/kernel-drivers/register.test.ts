import { expect, test } from 'vitest';
import type { MachineEvent } from '../../src/machine-events.js';
import type { RunningMachine } from '../../src/running-machine.js';
import { bound, changed, DISK, errnoOf, live, NIC, snapshot, TWIN, USB } from '../support/live.js';
import { toy } from '../support/toy.js';

test('the port driver is always there, unless the command line says otherwise', () => {
  expect(live().kernelDrivers.names).toEqual(['pcieport']);
  const plain = live({ functions: [{ address: '0000:00:00.0' }], commandLine: 'pcie_ports=compat' });
  expect(plain.kernelDrivers.names).toEqual([]);
});

test('so are the drivers that the description names, in the order of their devices', () => {
  const running = live({ functions: changed(USB, { driver: 'vfio-pci' }) });
  expect([running.kernelDrivers.names, bound(running)]).toEqual([['pcieport', 'vfio-pci'], { [USB]: 'vfio-pci' }]);
});

test('takes the devices that it matches, in the order of the bus', () => {
  const running = live();
  const order: string[] = [];
  running.on((event) => {
    if (event.type === 'driver-bound') order.push(`${event.device.name} ${event.driver}`);
  });
  running.kernelDrivers.register('nvme');
  running.kernelDrivers.register('igb', { ids: ['8086:10c9'] });
  running.kernelDrivers.register('xhci_hcd', { ids: ['1b36 000d'] });
  expect(order).toEqual([`${DISK} nvme`, `${TWIN} nvme`, `${NIC} igb`, `${USB} xhci_hcd`]);
});

test('takes nothing while autoprobe is off', () => {
  const running = live();
  running.kernelDrivers.autoprobe = false;
  running.kernelDrivers.register('nvme');
  expect([running.kernelDrivers.has('nvme'), bound(running)]).toEqual([true, {}]);
});

test.each([
  ['a driver that is there', 'EBUSY', ({ kernelDrivers }: RunningMachine) => kernelDrivers.register('pcieport')],
  [
    'an id that is none',
    'EINVAL',
    ({ kernelDrivers }: RunningMachine) => kernelDrivers.register('nvme', { ids: ['8086'] }),
  ],
  ['unloading what is not there', 'ENOENT', ({ kernelDrivers }: RunningMachine) => kernelDrivers.unregister('nvme')],
  [
    'unloading part of the kernel',
    'ENOENT',
    ({ kernelDrivers }: RunningMachine) => kernelDrivers.unregister('pcieport'),
  ],
])('%s gives %s and changes nothing', (_, errno, act) => {
  const running = live();
  const before = snapshot(running);
  expect(errnoOf(() => act(running))).toBe(errno);
  expect(snapshot(running)).toEqual(before);
});

test('unloading unbinds the devices, the one bound last first', () => {
  const running = live();
  running.kernelDrivers.register('nvme');
  const events: MachineEvent[] = [];
  running.on((event) => events.push(event));
  running.kernelDrivers.unregister('nvme');
  const own = events.flatMap((event) => {
    if (event.type === 'driver-unbound') return [event.device.name];
    return event.type === 'driver-unregistered' ? [event.driver] : [];
  });
  expect([own, bound(running), running.kernelDrivers.has('nvme')]).toEqual([[TWIN, DISK, 'nvme'], {}, false]);
});

test.each([
  ['vfio-pci', 'vfio-pci.ids=1b36:0010,nonsense,1234:11e8:ffffffff'],
  ['vfio-pci', 'vfio_pci.ids=0:0 vfio_pci.ids=1b36:0010,1234:11e8'],
  ['pci-stub', 'pci-stub.ids=1b36:0010,1234:11e8'],
])('%s is given ids by the command line %j', (driver, commandLine) => {
  const running = live({ commandLine });
  running.kernelDrivers.autoprobe = false;
  running.kernelDrivers.register(driver);
  expect(Object.keys(bound(running))).toEqual([DISK, TWIN, '0000:05:00.0', '0000:05:01.0']);
});

test('ids given with the module come before those of the command line', () => {
  const running = live({ commandLine: 'vfio-pci.ids=1b36:0010' });
  running.kernelDrivers.register('vfio-pci', { parameters: { ids: '8086:10c9' } });
  expect(bound(running)).toEqual({ [NIC]: 'vfio-pci' });
});

test('ids of the command line are those of a driver that the description names too', () => {
  const running = live({ commandLine: 'vfio-pci.ids=1b36:0010', functions: changed(DISK, { driver: 'vfio-pci' }) });
  expect(bound(running)).toEqual({ [DISK]: 'vfio-pci' });
  expect(errnoOf(() => running.kernelDrivers.newId('vfio-pci', '1b36 0010'))).toBe('EEXIST');
  running.kernelDrivers.probe(TWIN);
  expect(bound(running)).toEqual({ [DISK]: 'vfio-pci', [TWIN]: 'vfio-pci' });
});

test('other drivers have no such parameter', () => {
  const running = live({ commandLine: 'igb.ids=8086:10c9' });
  running.kernelDrivers.register('igb');
  expect(bound(running)).toEqual({});
});

test('whether a driver manages DMA is known by its name, unless it is told', () => {
  const { kernelDrivers } = live();
  kernelDrivers.register('mine', { managesDma: true });
  kernelDrivers.register('vfio-pci', { managesDma: false });
  expect(['pcieport', 'pci-stub', 'nvme', 'mine', 'vfio-pci'].map((name) => kernelDrivers.managesDma(name))).toEqual([
    true,
    true,
    false,
    true,
    false,
  ]);
});

test('drivers_probe: the first driver that takes the device wins, in the order of registration', () => {
  const running = live();
  running.kernelDrivers.autoprobe = false;
  running.kernelDrivers.register('first', { ids: ['1b36:0010'] });
  running.kernelDrivers.register('nvme');
  running.kernelDrivers.probe(DISK);
  running.kernelDrivers.probe(DISK);
  expect(bound(running)).toEqual({ [DISK]: 'first' });
});

test('drivers_probe: nothing happens where no driver matches, or the one that does takes no such device', () => {
  const running = live();
  running.kernelDrivers.register('vfio-pci');
  running.kernelDrivers.setOverride(running.device('0000:04:00.0'), 'vfio-pci');
  const before = snapshot(running);
  for (const name of [DISK, '0000:04:00.0', '0000:00:01.0']) running.kernelDrivers.probe(name);
  expect(snapshot(running)).toEqual(before);
});

test('drivers_probe: ENODEV for what is not there, EINVAL where another owns the DMA', () => {
  const running = live();
  const group = running.iommu.groups.of(running.device(USB));
  if (group) running.iommu.claimGroup(group, 'vfio');
  running.kernelDrivers.register('xhci_hcd');
  expect([
    errnoOf(() => running.kernelDrivers.probe('0000:0f:00.0')),
    errnoOf(() => running.kernelDrivers.probe(USB)),
  ]).toEqual(['ENODEV', 'EINVAL']);
});

test('drivers_probe: before 5.14 a refusal of the driver core was passed over, and the next driver probed', () => {
  const running = live({ release: '5.13' });
  const group = running.iommu.groups.of(running.device(USB));
  if (group) running.iommu.claimGroup(group, 'vfio');
  running.kernelDrivers.register('xhci_hcd');
  running.kernelDrivers.register('pci-stub');
  running.kernelDrivers.probe(USB);
  expect(bound(running)).toEqual({});
  running.kernelDrivers.newId('pci-stub', '1b36 000d');
  running.kernelDrivers.unbind('pci-stub', USB);
  running.kernelDrivers.probe(USB);
  expect(bound(running)).toEqual({ [USB]: 'pci-stub' });
});

test('a driver that is loaded again knows the devices that the description shows', () => {
  const running = live({ functions: changed(USB, { driver: 'foo' }) });
  running.kernelDrivers.unregister('foo');
  const like = { address: '0000:00:09.0', parent: null, id: '1b36:000d', class: '0c0330', headerType: 0 };
  running.plug([like]);
  running.kernelDrivers.register('foo');
  expect(bound(running)).toEqual({ [USB]: 'foo', [like.address]: 'foo' });
});

test('one that was unloaded is not loaded by a device that comes back', () => {
  const running = live({ functions: changed(USB, { driver: 'foo' }) });
  running.kernelDrivers.unregister('foo');
  running.removeDevice(running.device(USB));
  running.rescan();
  expect([running.kernelDrivers.names, bound(running)]).toEqual([['pcieport'], {}]);
});

test('drivers made of vfio-pci take no bridge either', () => {
  const running = live();
  running.kernelDrivers.register('mlx5_vfio_pci');
  running.kernelDrivers.setOverride(running.device('0000:04:00.0'), 'mlx5_vfio_pci');
  expect(errnoOf(() => running.kernelDrivers.bind('mlx5_vfio_pci', '0000:04:00.0'))).toBe('EINVAL');
});

test.each([
  ['0000:00:00.0', '1af4:1041', 'virtio-pci'],
  ['0000:00:00.0', '1af4:1110', undefined],
])('of virtio devices, %s with the id %s has the driver %s', (address, id, driver) => {
  const running = live({ functions: [{ address, id, class: '020000', headerType: 0 }] });
  running.kernelDrivers.register('virtio-pci');
  expect(bound(running)[address]).toBe(driver);
});

test('a bridge with a hot-plug controller is known by the description', () => {
  const running = live({ functions: changed('0000:04:00.0', { driver: 'shpchp' }) });
  running.kernelDrivers.unbind('shpchp', '0000:04:00.0');
  running.kernelDrivers.probe('0000:04:00.0');
  expect(bound(running)).toEqual({ '0000:04:00.0': 'shpchp' });
});

test('a driver of a device without ids in the description takes it again', () => {
  const running = live({ functions: [{ address: '0000:00:00.0', driver: 'foo' }, { address: '0000:00:01.0' }] });
  running.kernelDrivers.unbind('foo', '0000:00:00.0');
  running.kernelDrivers.probe('0000:00:00.0');
  running.kernelDrivers.probe('0000:00:01.0');
  expect(bound(running)).toEqual({ '0000:00:00.0': 'foo' });
});

test('a driver package that breaks its contract at a probe is reported, not taken for a refusal', () => {
  let breaks = false;
  const running = live({
    drivers: [
      toy({
        groupsAt: 'driver-probe',
        probeDevice: () => {
          if (breaks) throw new Error('broken');
          return undefined;
        },
      }),
    ],
    machine: { probes: { order: [], complete: true } },
  });
  breaks = true;
  expect(() => running.kernelDrivers.register('nvme')).toThrow(
    expect.objectContaining({ code: 'ERR_DRIVER_CONTRACT' }),
  );
});
