import { expect, test } from 'vitest';
import { bound, DISK, errnoOf, live, snapshot } from '../support/live.js';

test.each([
  ['vfio-pci', 'vfio-pci'],
  ['vfio-pci\n', 'vfio-pci'],
  ['vfio-pci\nnvme', 'vfio-pci'],
  [' vfio-pci', ' vfio-pci'],
  ['a'.repeat(4094), 'a'.repeat(4094)],
  ['\n', undefined],
  ['', undefined],
  ['\nvfio-pci', undefined],
])('%j is kept as %j', (text, kept) => {
  const running = live();
  const device = running.device(DISK);
  running.kernelDrivers.setOverride(device, 'before');
  running.kernelDrivers.setOverride(device, text);
  expect(running.kernelDrivers.overrideOf(device)).toBe(kept);
});

test('binds and unbinds nothing', () => {
  const running = live();
  running.kernelDrivers.register('vfio-pci');
  running.kernelDrivers.register('nvme');
  const before = bound(running);
  running.kernelDrivers.setOverride(running.device(DISK), 'vfio-pci');
  expect(bound(running)).toEqual(before);
});

test.each([4095, 4096, 5000])('%d characters give EINVAL and change nothing', (length) => {
  const running = live();
  const before = snapshot(running);
  expect(errnoOf(() => running.kernelDrivers.setOverride(running.device(DISK), 'a'.repeat(length)))).toBe('EINVAL');
  expect(snapshot(running)).toEqual(before);
});

test('a driver without a table matches what is meant for it, and no other driver does', () => {
  const running = live();
  running.kernelDrivers.register('vfio-pci');
  running.kernelDrivers.setOverride(running.device(DISK), 'vfio-pci');
  running.kernelDrivers.register('nvme');
  expect(errnoOf(() => running.kernelDrivers.bind('nvme', DISK))).toBe('ENODEV');
  running.kernelDrivers.probe(DISK);
  expect(bound(running)).toMatchObject({ [DISK]: 'vfio-pci' });
});

test('a driver that is not there keeps all others off', () => {
  const running = live();
  running.kernelDrivers.setOverride(running.device(DISK), 'nosuch');
  running.kernelDrivers.register('nvme');
  expect(errnoOf(() => running.kernelDrivers.probe(DISK))).toBeUndefined();
  expect(bound(running)[DISK]).toBeUndefined();
});

test('is gone with the device', () => {
  const running = live();
  const device = running.device(DISK);
  running.kernelDrivers.setOverride(device, 'vfio-pci');
  running.removeDevice(device);
  running.rescan();
  expect([device, running.device(DISK)].map((one) => running.kernelDrivers.overrideOf(one))).toEqual([
    undefined,
    undefined,
  ]);
});

test('a device that is gone has none to be written', () => {
  const running = live();
  const device = running.device(DISK);
  running.removeDevice(device);
  expect(() => running.kernelDrivers.setOverride(device, 'vfio-pci')).toThrow(
    expect.objectContaining({ code: 'ERR_DEVICE_UNKNOWN' }),
  );
});
