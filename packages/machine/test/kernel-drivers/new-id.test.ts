import { expect, test } from 'vitest';
import type { RunningMachine } from '../../src/running-machine.js';
import { bound, DISK, errnoOf, live, snapshot, TWIN } from '../support/live.js';

const stub = (): RunningMachine => {
  const running = live();
  running.kernelDrivers.register('pci-stub');
  return running;
};

test.each([
  '1b36 0010',
  '0x1b36 0x10\n',
  ' 1B36\t0010 ffffffff ffffffff 0 0',
  '1b36 0010 ffffffff ffffffff 0 0 0 more',
])('binds all devices with the id %j', (text) => {
  const running = stub();
  running.kernelDrivers.newId('pci-stub', text);
  expect(bound(running)).toEqual({ [DISK]: 'pci-stub', [TWIN]: 'pci-stub' });
});

test('takes a class with a mask in place of numbers', () => {
  const running = stub();
  running.kernelDrivers.newId('pci-stub', 'ffffffff ffffffff ffffffff ffffffff 0c0300 ffff00');
  expect(Object.values(bound(running))).toEqual(['pci-stub']);
});

test('leaves devices alone that have a driver, or that are meant for another', () => {
  const running = stub();
  running.kernelDrivers.autoprobe = false;
  running.kernelDrivers.register('nvme');
  running.kernelDrivers.bind('nvme', DISK);
  running.kernelDrivers.setOverride(running.device(TWIN), 'vfio-pci');
  running.kernelDrivers.newId('pci-stub', '1b36 0010');
  expect(bound(running)).toEqual({ [DISK]: 'nvme' });
});

test.each(['', '\n', '1b36', 'wxyz 0010', '1b36:0010', '1b36, 0010'])('%j gives EINVAL', (text) => {
  const running = stub();
  expect(errnoOf(() => running.kernelDrivers.newId('pci-stub', text))).toBe('EINVAL');
  expect(errnoOf(() => running.kernelDrivers.removeId('pci-stub', text))).toBe('EINVAL');
});

test.each(['1b36 0010', '1b36 0010 1af4 1100', '1b36 0010 ffffffff ffffffff 0 0'])(
  'an id that is known already, written as %j, gives EEXIST and changes nothing',
  (text) => {
    const running = stub();
    running.kernelDrivers.newId('pci-stub', '1b36 0010');
    const before = snapshot(running);
    expect(errnoOf(() => running.kernelDrivers.newId('pci-stub', text))).toBe('EEXIST');
    expect(snapshot(running)).toEqual(before);
  },
);

test('a wider id than those that are known is taken', () => {
  const running = stub();
  running.kernelDrivers.newId('pci-stub', '8086 9999 8086 1');
  expect(errnoOf(() => running.kernelDrivers.newId('pci-stub', '8086 9999'))).toBeUndefined();
});

test('all seven numbers are taken twice', () => {
  const running = stub();
  running.kernelDrivers.newId('pci-stub', '1b36 0010');
  expect(errnoOf(() => running.kernelDrivers.newId('pci-stub', '1b36 0010 ffffffff ffffffff 0 0 0'))).toBeUndefined();
  running.kernelDrivers.removeId('pci-stub', '1b36 0010');
  running.kernelDrivers.removeId('pci-stub', '1b36 0010');
  expect(errnoOf(() => running.kernelDrivers.removeId('pci-stub', '1b36 0010'))).toBe('ENODEV');
});

test('an id that the driver was built with is known', () => {
  const running = live();
  running.kernelDrivers.register('nvme');
  expect(errnoOf(() => running.kernelDrivers.newId('nvme', '1b36 0010'))).toBe('EEXIST');
  // The class alone is no reason: no class was written.
  expect(errnoOf(() => running.kernelDrivers.newId('nvme', '1234 5678'))).toBeUndefined();
});

test('ids of the description are known: those of devices bound to the driver', () => {
  const running = live();
  running.bindDriver(running.device('03:00.0'), 'igb');
  expect(errnoOf(() => running.kernelDrivers.newId('igb', '8086 10c9'))).toBe('EEXIST');
});

test('removes an id, and leaves bound what is bound', () => {
  const running = stub();
  running.kernelDrivers.newId('pci-stub', '1b36 0010');
  running.kernelDrivers.unbind('pci-stub', DISK);
  running.kernelDrivers.removeId('pci-stub', '1b36 0010\n');
  expect(errnoOf(() => running.kernelDrivers.bind('pci-stub', DISK))).toBe('ENODEV');
  expect(bound(running)).toEqual({ [TWIN]: 'pci-stub' });
});

test.each(['8086 9999', '8086 9999 8086', '8086 9999 ffffffff 1'])(
  'removes a narrower id than is written: %j',
  (text) => {
    const running = stub();
    running.kernelDrivers.newId('pci-stub', '8086 9999 8086 1');
    running.kernelDrivers.removeId('pci-stub', text);
    expect(errnoOf(() => running.kernelDrivers.newId('pci-stub', '8086 9999 8086 1'))).toBeUndefined();
  },
);

test.each(['1b36 0011', '1b37 0010', '1b36 0010 1af4', '1b36 0010 ffffffff 1100', '1b36 0010 ffffffff ffffffff 1 1'])(
  'removing %j, which was not added, gives ENODEV',
  (text) => {
    const running = stub();
    running.kernelDrivers.newId('pci-stub', '1b36 0010');
    expect(errnoOf(() => running.kernelDrivers.removeId('pci-stub', text))).toBe('ENODEV');
  },
);

test('a driver that is not there has no such files', () => {
  const { kernelDrivers } = live();
  expect(errnoOf(() => kernelDrivers.newId('pci-stub', '1b36 0010'))).toBe('ENOENT');
  expect(errnoOf(() => kernelDrivers.removeId('pci-stub', '1b36 0010'))).toBe('ENOENT');
});
