import type { AssumedFirmware, Kernel } from '@iommu/core';
import type { PciFunction } from '@iommu/pci';
import { expect, test } from 'vitest';
import { parseIort, smmu } from '../src/index.js';
import { fakeKernel } from './support/kernel.js';
import { boot, bridge, fn, groupLines, machine, node } from './support/platform.js';

const X86: Kernel = { ...fakeKernel(), arch: 'x86' };
const assume = (functions: readonly PciFunction[], kernel?: Kernel): AssumedFirmware | undefined =>
  smmu().assume?.(machine({ functions }).topology.devices, kernel);

test('supposes an SMMUv3 for each segment of a machine whose kernel is an Arm one', () => {
  const supposed = assume([fn('00:03.0'), fn('0002:00:01.0')], fakeKernel());
  const { nodes } = parseIort(supposed?.acpi['IORT'] ?? new Uint8Array());
  expect(nodes).toMatchObject([
    { kind: 'smmu-v3', baseAddress: 0x9050000n },
    { kind: 'smmu-v3', baseAddress: expect.toSatisfy((base: bigint) => base >= 0x9050000n + 0x20000n) },
    { segment: 0 },
    { segment: 2 },
  ]);
  expect(supposed?.text).toMatch(/SMMUv3/);
});

test.each([
  ['Arm', '13b5:0100'],
  ['Cavium', '177d:af84'],
  ['HiSilicon', '19e5:a120'],
  ['Ampere', '1def:e100'],
])('knows an Arm machine by a root port of %s', (_, id) => {
  expect(assume([bridge('00:01.0', 1, { id })], X86)).toBeDefined();
});

test.each([
  ['of another maker', bridge('00:01.0', 1, { id: '8086:3420' })],
  ['of a maker unknown', bridge('00:01.0', 1, { id: ':1234' as never })],
])('supposes nothing for a root port %s', (_, port) => {
  expect(assume([{ ...port, ...(port.id?.startsWith(':') && { id: undefined as never }) }], X86)).toBeUndefined();
});

test('knows an Arm machine by one of several root ports', () => {
  const functions = [bridge('00:01.0', 1, { id: '8086:3420' }), bridge('00:02.0', 2, { id: '19e5:a120' })];
  expect(assume(functions, X86)).toBeDefined();
});

test('supposes nothing of devices that are no PCI functions', () => {
  expect(smmu().assume?.([node('a')], X86)).toBeUndefined();
});

test('supposes nothing for a card of such a maker', () => {
  expect(assume([fn('00:01.0', { id: '19e5:0222' })], X86)).toBeUndefined();
});

test('supposes nothing for a switch of such a maker that is not on a root bus', () => {
  const functions = [bridge('00:01.0', 1, { id: '8086:3420' }), bridge('01:00.0', 2, { id: '19e5:a120' })];
  expect(assume(functions, X86)).toBeUndefined();
});

test('supposes nothing where nothing tells the kernel', () => {
  expect(assume([fn('00:01.0')])).toBeUndefined();
});

test('supposes nothing for a machine without PCI', () => {
  expect(assume([], fakeKernel())).toBeUndefined();
});

test('supposes a table by which the machine is grouped', () => {
  const functions = [bridge('00:01.0', 1), fn('01:00.0')];
  const iort = assume(functions, fakeKernel())?.acpi['IORT'];
  if (!iort) throw new Error('nothing supposed');
  expect(groupLines(boot({ iort, functions }))).toEqual(['00:01.0', '01:00.0']);
});
