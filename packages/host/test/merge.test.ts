import type { Machine } from '@iommu/machine';
import { expect, test } from 'vitest';
import { mergeMachines } from '../src/merge.js';

const merge = (...parts: Omit<Machine, 'schema'>[]) => {
  const { schema: _, ...rest } = mergeMachines(parts.map((part) => ({ schema: 1, ...part })));
  return rest;
};

const pci = (...addresses: string[]) => ({ functions: addresses.map((address) => ({ address })) });

test('makes an empty machine of nothing', () => {
  expect(mergeMachines([])).toEqual({ schema: 1 });
});

test('lets the first source stand, and others fill gaps', () => {
  expect(merge({ name: 'a' }, { name: 'b', units: [{ name: 'dmar0' }] }, { units: [] })).toEqual({
    name: 'a',
    units: [{ name: 'dmar0' }],
  });
});

test('puts what is known of the kernel together', () => {
  expect(merge({ kernel: { release: '6.1' } }, { kernel: { release: '5.0', commandLine: 'quiet' } }).kernel).toEqual({
    release: '6.1',
    commandLine: 'quiet',
  });
});

test('puts firmware tables together, of one name the first', () => {
  expect(
    merge(
      { firmware: { acpi: { DMAR: 'AA==' } } },
      { firmware: { acpi: { DMAR: 'BB==', MCFG: 'CC==' }, deviceTree: 'DD==' } },
    ).firmware,
  ).toEqual({ acpi: { DMAR: 'AA==', MCFG: 'CC==' }, deviceTree: 'DD==' });
});

test('lets the first list of functions stand', () => {
  expect(merge({ pci: pci('0000:00:01.0') }, { pci: pci('0000:00:02.0') }).pci).toEqual(pci('0000:00:01.0'));
});

test('takes the order of another list that names every function, and its root buses', () => {
  const second = { ...pci('0000:00:01.0'), order: ['0000:00:02.0', '0000:00:01.0'], rootBuses: ['0000:00'] };
  expect(merge({ pci: pci('0000:00:01.0', '0000:00:02.0') }, { pci: second }).pci).toEqual({
    ...pci('0000:00:01.0', '0000:00:02.0'),
    order: second.order,
    rootBuses: second.rootBuses,
  });
});

test('takes no order of a list that does not name every function', () => {
  const second = { ...pci('0000:00:01.0'), order: ['0000:00:01.0'], rootBuses: ['0000:00'] };
  expect(merge({ pci: pci('0000:00:01.0', '0000:00:02.0') }, { pci: second }).pci).toEqual(
    pci('0000:00:01.0', '0000:00:02.0'),
  );
});

test('needs no place in the order for virtual functions', () => {
  const first = {
    functions: [{ address: '0000:01:00.0' }, { address: '0000:01:10.0', physicalFunction: '0000:01:00.0' }],
  };
  const order = ['0000:01:00.0'];
  expect(merge({ pci: first }, { pci: { functions: [], order } }).pci).toEqual({ ...first, order });
});

test('keeps the order that the first source has', () => {
  const first = { ...pci('0000:00:01.0'), order: ['0000:00:01.0'] };
  expect(merge({ pci: first }, { pci: { functions: [], order: ['0000:00:02.0', '0000:00:01.0'] } }).pci).toEqual(first);
});

test('keeps the notes of all', () => {
  const note = (code: string) => ({ severity: 'warning', code, message: code }) as const;
  expect(merge({ notes: [note('a')] }, {}, { notes: [note('b')] }).notes).toEqual([note('a'), note('b')]);
});
