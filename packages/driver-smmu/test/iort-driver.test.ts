import { isIommuError } from '@iommu/core';
import { describe, expect, test } from 'vitest';
import { smmu } from '../src/index.js';
import { iort, itsGroup, namedComponent, PLAIN, pmcg, rootComplex, SMMU_BASE, smmuV2, smmuV3 } from './support/iort.js';
import {
  bind,
  bindTo,
  boot,
  bridge,
  deviceAt,
  fn,
  groupLines,
  machine,
  node,
  ruleOf,
  streamsOf,
  unitNames,
} from './support/platform.js';

const NIC = fn('00:03.0');
const V3 = 'smmu3.0x0000000009050000';

test('follows version 1 of the contract under its name', () => {
  expect(smmu()).toMatchObject({ specVersion: 1, name: 'smmu' });
});

test('names units by version and registers', () => {
  expect(unitNames({ iort: iort(smmuV3(), smmuV2(0x2b400000n)) })).toEqual(['smmu.0x000000002b400000', V3]);
});

test('registers units of version 2 first, each kind in table order', () => {
  const table = iort(smmuV3({ base: 1n }), smmuV2(2n), smmuV3({ base: 3n }), smmuV2(4n));
  expect(bind({ iort: table }).units.map(({ name }) => name.at(-1))).toEqual(['2', '4', '1', '3']);
});

test('counts platform devices in table order, performance counters included', () => {
  const table = iort(smmuV3({ base: 1n }), pmcg(), smmuV2(2n), itsGroup(0), smmuV3({ base: 3n }));
  expect(bind({ iort: table }).units.map(({ parent }) => parent)).toEqual([
    'platform/arm-smmu.2.auto',
    'platform/arm-smmu-v3.0.auto',
    'platform/arm-smmu-v3.3.auto',
  ]);
});

test('asks for ACS when a root complex leads to an SMMU', () => {
  expect(bind({ iort: PLAIN }).busFeatures).toEqual(['pci-acs']);
  expect(bind({ iort: iort(smmuV3(), rootComplex(0)) }).busFeatures).toEqual([]);
  expect(bind({ iort: iort(smmuV3(), itsGroup(0), rootComplex(0, { to: 1 })) }).busFeatures).toEqual([]);
  const component = namedComponent('X', { output: 1, to: 0, single: true });
  expect(bind({ iort: iort(smmuV3(), rootComplex(0), component) }).busFeatures).toEqual([]);
});

test('gives a function the stream id of its requester id', () => {
  expect(streamsOf('00:03.0', { iort: PLAIN, functions: [NIC] })).toBe(`${V3}: 0x18`);
});

test('finds the root complex by segment', () => {
  const table = iort(smmuV3(), rootComplex(1, { to: 0 }), rootComplex(0, { output: 0x10000, to: 0 }));
  expect(streamsOf('00:03.0', { iort: table, functions: [NIC] })).toBe(`${V3}: 0x10018`);
});

test('takes the first of two root complexes of one segment', () => {
  const table = iort(smmuV3(), rootComplex(0, { output: 0x10000, to: 0 }), rootComplex(0, { to: 0 }));
  expect(streamsOf('00:03.0', { iort: table, functions: [NIC] })).toBe(`${V3}: 0x10018`);
});

test('gives a function the ids of all its DMA aliases', () => {
  const functions = [
    bridge('00:01.0', 1),
    bridge('01:00.0', 2, { express: 'pcie-to-pci-bridge' }),
    fn('02:01.0', { express: null }),
  ];
  expect(streamsOf('02:01.0', { iort: PLAIN, functions })).toBe(`${V3}: 0x208 0x200`);
});

test.each([
  ['its segment has no root complex', iort(smmuV3(), rootComplex(7, { to: 0 })), 'not-in-iort'],
  ['no mapping has its id', iort(smmuV3(), rootComplex(0, { input: 0x100, to: 0 })), 'id-not-mapped'],
  ['its id leads past every SMMU', iort(smmuV3(), rootComplex(0, { to: 2 }), itsGroup(0)), 'id-not-mapped'],
])('gives a function no unit when %s', (_, table, rule) => {
  expect(streamsOf('00:03.0', { iort: table, functions: [NIC] })).toBe(rule);
});

test('gives a function no unit when its aliases arrive at several', () => {
  const table = iort(
    smmuV3({ base: 1n }),
    smmuV3({ base: 2n }),
    rootComplex(0, { count: 0x200, to: 0 }, { input: 0x201, count: 0xff, output: 0x201, to: 1 }),
  );
  const functions = [bridge('00:01.0', 2, { express: 'pcie-to-pci-bridge' }), fn('02:01.0', { express: null })];
  expect(streamsOf('02:01.0', { iort: table, functions })).toBe('several-smmus');
});

test('finds a named component by its whole ACPI path', () => {
  const table = iort(
    smmuV3(),
    namedComponent('\\_SB_.ETH0', { output: 0x40, to: 0, single: true }, { output: 0x41, to: 0, single: true }),
  );
  const sketch = { iort: table, nodes: [node('ACME0001:00', '\\_SB_.ETH0'), node('ACME0001:01', '\\_SB_.ETH1')] };
  expect(streamsOf('ACME0001:00', sketch)).toBe(`${V3}: 0x40 0x41`);
  expect(streamsOf('ACME0001:01', sketch)).toBe('not known');
});

test('takes the first of two named components of one path', () => {
  const [first, second] = [0x40, 0x50].map((output) => namedComponent('X', { output, to: 0, single: true }));
  if (!first || !second) throw new Error('no components');
  expect(streamsOf('A', { iort: iort(smmuV3(), first, second), nodes: [node('A', 'X')] })).toBe(`${V3}: 0x40`);
});

test('gives a named component without mappings no unit', () => {
  const sketch = { iort: iort(smmuV3(), namedComponent('X')), nodes: [node('A', 'X')] };
  expect(streamsOf('A', sketch)).toBe('no-stream-id');
});

test('groups unit by unit, platform devices before PCI functions', () => {
  const table = iort(
    smmuV3({ base: 2n }),
    smmuV2(1n),
    rootComplex(0, { to: 0 }),
    namedComponent('X', { output: 9, to: 0, single: true }),
    namedComponent('Y', { output: 9, to: 1, single: true }),
  );
  const iommu = boot({ iort: table, functions: [NIC], nodes: [node('a', 'X'), node('b', 'Y')] });
  expect(groupLines(iommu)).toEqual(['b', 'a', '00:03.0']);
  expect(ruleOf(iommu, 'a')).toBe('one-group-per-device');
});

test('waits for the probe of a driver where the kernel does', () => {
  const rules = { 'groups-by-firmware': 'driver-probe' };
  const iommu = boot({ iort: PLAIN, functions: [NIC, fn('00:04.0')], rules });
  expect([groupLines(iommu), ruleOf(iommu, '00:04.0')]).toEqual([[], 'waits-for-driver']);
  const [first, second] = iommu.devices;
  if (second) iommu.probeDriver(second);
  if (first) iommu.bindDriver(first, { name: 'virtio-pci' });
  expect(groupLines(iommu)).toEqual(['00:04.0', '00:03.0']);
});

describe('binds to no machine', () => {
  test.each([
    ['without firmware', {}],
    ['whose IORT names no SMMU', { iort: iort(rootComplex(0)) }],
    ['whose device tree names no SMMU', { tree: { nodes: { soc: {} } } }],
  ])('%s', (_, sketch) => {
    expect(smmu().bind(machine(sketch).platform)).toBeUndefined();
  });
});

test('leaves every device without an IOMMU when the IORT contradicts itself', () => {
  const table = iort(smmuV3(), rootComplex(0, { to: 0 }));
  new DataView(table.buffer).setUint16(49, 3, true);
  const built = machine({ iort: table, functions: [NIC] });
  const bound = bindTo(built);
  expect(built.diagnostics.map(({ code }) => code)).toContain('iort-invalid');
  expect(bound.unitOf(deviceAt(built, '00:03.0'))).toMatchObject({ none: { rule: 'iort-invalid' } });
  expect(bound.deviceGroup(deviceAt(built, '00:03.0'), {} as never)).toMatchObject({ errno: 'ENODEV' });
  expect([bound.units, bound.reservedRegions(deviceAt(built, '00:03.0'))]).toEqual([[], []]);
});

test('throws when the IORT is cut off: that is the input’s fault', () => {
  expect(() => bind({ iort: PLAIN.subarray(0, 60) })).toThrow(
    expect.toSatisfy((error) => isIommuError(error, 'ERR_TABLE_TRUNCATED')),
  );
});

test('reports a wrong checksum and goes on', () => {
  const table = Uint8Array.from(PLAIN);
  table[9] = (table[9] ?? 0) ^ 1;
  const built = machine({ iort: table, functions: [NIC] });
  expect([bindTo(built).units.length, built.diagnostics[0]?.code]).toEqual([1, 'iort-checksum']);
});

describe('of ACPI and a device tree', () => {
  const tree = {
    nodes: { 'iommu@1000': { properties: { compatible: 'arm,smmu-v3', reg: [0x1000, 0x1000] } }, chosen: {} },
  };
  const STUB = { nodes: { chosen: {} } };
  const tag = (sketch: Parameters<typeof bind>[0]) => unitNames(sketch).map((name) => name.slice(-4));

  test.each([
    ['the tree, which has more than a boot loader says', { tree }, '1000'],
    ['ACPI when the tree is a boot loader’s', { tree: STUB }, '0000'],
    [
      'ACPI when the tree is that of a hypervisor’s guest',
      { tree: { nodes: { chosen: {}, hypervisor: { properties: { compatible: 'xen,xen' } } } } },
      '0000',
    ],
    ['ACPI when the command line asks for it', { tree, commandLine: 'acpi=force' }, '0000'],
    ['ACPI when the command line prefers it', { tree, commandLine: 'acpi=on' }, '0000'],
    ['the tree when the command line forbids ACPI', { tree, commandLine: 'acpi=off' }, '1000'],
  ])('uses %s', (_, sketch, expected) => {
    expect(tag({ iort: PLAIN, ...sketch })).toEqual([expected]);
  });

  test('finds nothing in a boot loader’s tree without ACPI', () => {
    expect(smmu().bind(machine({ tree: STUB, iort: PLAIN, commandLine: 'acpi=off' }).platform)).toBeUndefined();
  });
});

test('finds the registers of a unit by their address', () => {
  const units = [{ address: SMMU_BASE, registers: { idr0: 0n } }];
  expect(bind({ iort: PLAIN, units }).units[0]).toMatchObject({ registers: units[0] });
});
