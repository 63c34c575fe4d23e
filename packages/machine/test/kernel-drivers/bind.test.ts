import { expect, test } from 'vitest';
import type { RunningMachine } from '../../src/running-machine.js';
import { bound, DISK, errnoOf, live, snapshot, TWIN, USB } from '../support/live.js';
import { toy } from '../support/toy.js';

/** `nvme` and `pci-stub` are registered, and no device is bound to them. */
const unbound = (release = '7.3'): RunningMachine => {
  const running = live({ release });
  running.kernelDrivers.autoprobe = false;
  for (const name of ['nvme', 'xhci_hcd', 'pci-stub', 'vfio-pci']) running.kernelDrivers.register(name);
  running.kernelDrivers.autoprobe = true;
  return running;
};

test.each([DISK, `${DISK}\n`])('binds the device that is written as %j', (text) => {
  const running = unbound();
  running.kernelDrivers.bind('nvme', text);
  expect(bound(running)).toEqual({ [DISK]: 'nvme' });
});

const REFUSED: readonly (readonly [string, string, (running: RunningMachine) => void])[] = [
  ['a device that is not there', 'ENODEV', ({ kernelDrivers }) => kernelDrivers.bind('nvme', '0000:0f:00.0')],
  ['a name that is not in full', 'ENODEV', ({ kernelDrivers }) => kernelDrivers.bind('nvme', '01:00.0')],
  ['a name with two newlines', 'ENODEV', ({ kernelDrivers }) => kernelDrivers.bind('nvme', `${DISK}\n\n`)],
  ['a device of another class', 'ENODEV', ({ kernelDrivers }) => kernelDrivers.bind('nvme', USB)],
  ['a driver that knows no device', 'ENODEV', ({ kernelDrivers }) => kernelDrivers.bind('pci-stub', DISK)],
  ['a driver that is not there', 'ENOENT', ({ kernelDrivers }) => kernelDrivers.bind('e1000e', DISK)],
  ['a port that has a driver', 'EBUSY', ({ kernelDrivers }) => kernelDrivers.bind('pcieport', '0000:00:01.0')],
  ['a bridge that is no port', 'ENODEV', ({ kernelDrivers }) => kernelDrivers.bind('pcieport', '0000:04:00.0')],
  ['unbinding what has no driver', 'ENODEV', ({ kernelDrivers }) => kernelDrivers.unbind('nvme', DISK)],
  ['unbinding another driver', 'ENODEV', ({ kernelDrivers }) => kernelDrivers.unbind('nvme', '0000:00:01.0')],
  ['unbinding what is not there', 'ENODEV', ({ kernelDrivers }) => kernelDrivers.unbind('nvme', '0000:0f:00.0')],
  ['unbinding a driver that is not there', 'ENOENT', ({ kernelDrivers }) => kernelDrivers.unbind('e1000e', DISK)],
];

test.each(REFUSED)('%s gives %s and changes nothing', (_, errno, act) => {
  const running = unbound();
  const before = snapshot(running);
  expect(errnoOf(() => act(running))).toBe(errno);
  expect(snapshot(running)).toEqual(before);
});

test.each([
  ['5.13', 'ENODEV'],
  ['5.14', 'EBUSY'],
])('a device that has a driver gives on %s %s', (release, errno) => {
  const running = unbound(release);
  running.kernelDrivers.bind('nvme', DISK);
  expect(errnoOf(() => running.kernelDrivers.bind('nvme', DISK))).toBe(errno);
});

test.each([
  ['5.13', 'ENODEV'],
  ['5.14', 'EBUSY'],
])('a driver that uses the DMA of a group that is claimed gives on %s %s', (release, errno) => {
  const running = unbound(release);
  const group = running.iommu.groups.of(running.device(USB));
  if (group) running.iommu.claimGroup(group, 'vfio');
  expect(errnoOf(() => running.kernelDrivers.bind('xhci_hcd', USB))).toBe(errno);
  expect(bound(running)).toEqual({});
});

test('a driver that leaves the DMA of a claimed group alone is bound', () => {
  const running = unbound();
  const group = running.iommu.groups.of(running.device(USB));
  if (group) running.iommu.claimGroup(group, 'vfio');
  running.kernelDrivers.setOverride(running.device(USB), 'pci-stub');
  running.kernelDrivers.bind('pci-stub', USB);
  expect(bound(running)).toEqual({ [USB]: 'pci-stub' });
});

test.each([
  ['5.13', 'ENODEV'],
  ['5.14', 'EINVAL'],
])('a bridge for vfio-pci gives on %s %s', (release, errno) => {
  const running = unbound(release);
  const bridge = running.device('0000:04:00.0');
  running.kernelDrivers.setOverride(bridge, 'vfio-pci');
  expect(errnoOf(() => running.kernelDrivers.bind('vfio-pci', bridge.name))).toBe(errno);
});

test('a device without a group for vfio-pci gives EINVAL', () => {
  const running = live({ drivers: [toy({ unitOf: () => undefined })] });
  running.kernelDrivers.register('vfio-pci');
  running.kernelDrivers.setOverride(running.device(DISK), 'vfio-pci');
  expect(errnoOf(() => running.kernelDrivers.bind('vfio-pci', DISK))).toBe('EINVAL');
});

test('a group without a default domain has a driver tried again later', () => {
  const running = live({ drivers: [toy({ unitOf: () => undefined })] });
  running.kernelDrivers.register('nvme', { ids: [] });
  running.kernelDrivers.unbind('nvme', DISK);
  const group = running.iommu.groups.alloc();
  running.iommu.groups.join(group, running.device(DISK));
  expect(errnoOf(() => running.kernelDrivers.bind('nvme', DISK))).toBe('EAGAIN');
  expect(errnoOf(() => running.kernelDrivers.probe(DISK))).toBeUndefined();
  expect(bound(running)).toEqual({ [TWIN]: 'nvme' });
});

test('unbinds, and probes nobody then', () => {
  const running = unbound();
  running.kernelDrivers.bind('nvme', DISK);
  running.kernelDrivers.unbind('nvme', `${DISK}\n`);
  expect(bound(running)).toEqual({});
});

test('a probe groups the device where groups wait for one, whether the driver takes it or not', () => {
  const running = live({
    drivers: [toy({ groupsAt: 'driver-probe' })],
    machine: { probes: { order: [], complete: true } },
  });
  running.kernelDrivers.autoprobe = false;
  running.kernelDrivers.register('vfio-pci');
  const bridge = running.device('0000:04:00.0');
  expect(running.iommu.groups.of(bridge)).toBeUndefined();
  expect(errnoOf(() => running.kernelDrivers.bind('pcieport', bridge.name))).toBe('ENODEV');
  expect(running.iommu.groups.of(bridge)?.devices).toEqual([bridge]);
});
