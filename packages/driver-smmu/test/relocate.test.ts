import type { Device, Diagnostic } from '@iommu/core';
import type { PciFunction } from '@iommu/pci';
import { expect, test } from 'vitest';
import { parseIort, smmu } from '../src/index.js';
import { iort, itsGroup, type MappingSketch, rootComplex, smmuV3 } from './support/iort.js';
import { bridge, fn, machine } from './support/platform.js';

const ITS = 0;
const SMMU = 1;
const OTHER = 2;

const table = (...mappings: MappingSketch[]): Uint8Array =>
  iort(itsGroup(0), smmuV3({ mappings: [{ to: ITS }] }), smmuV3({ base: 0x9150000n }), rootComplex(0, ...mappings));

const relocate = (
  bytes: Uint8Array,
  before: readonly PciFunction[],
  after: readonly PciFunction[],
  moves: Readonly<Record<string, string>> = {},
) => {
  const old = machine({ functions: before, iort: bytes });
  const fresh = machine({ functions: after });
  const devices = new Map<Device, Device | undefined>(
    old.topology.devices.map((one) => [one, fresh.topology.find(moves[one.name.slice(5)] ?? one.name)]),
  );
  const reports: Diagnostic[] = [];
  const platform = { ...old.platform, report: (one: Diagnostic) => void reports.push(one) };
  const written = smmu().relocate?.(platform, { devices, after: fresh.topology.devices, bypassed: new Set() })?.[
    'IORT'
  ];
  const parsed = written && parseIort(written);
  const root = parsed?.nodes.find(({ kind }) => kind === 'root-complex');
  return {
    checksumOk: parsed?.checksumOk,
    ranges: root?.mappings.map(({ inputBase, idCount, outputBase }) =>
      [inputBase, inputBase + idCount, outputBase].map((one) => one.toString(16)).join(' '),
    ),
    reports: reports.map(({ code }) => code),
  };
};

const PORTS = [bridge('00:01.0', 1), bridge('00:02.0', 2)];
const MORE = [
  bridge('00:01.0', 1, { subordinateBus: 2 }),
  bridge('01:00.0', 2),
  fn('02:00.0'),
  bridge('00:02.0', 3),
  fn('03:00.0'),
];

test('leaves a table alone that takes every id already', () => {
  expect(relocate(table({ to: SMMU }), PORTS, MORE)).toEqual({ checksumOk: undefined, ranges: undefined, reports: [] });
  expect(
    smmu().relocate?.(machine({}).platform, { devices: new Map(), after: [], bypassed: new Set() }),
  ).toBeUndefined();
});

test('makes a range longer for buses that are new, and the one behind it, which goes to no SMMU, shorter', () => {
  const mappings = [
    { input: 0, count: 0x2ff, output: 0x10000, to: SMMU },
    { input: 0x300, count: 0xfcff, output: 0x300, to: ITS },
  ];
  expect(relocate(table(...mappings), PORTS, MORE)).toEqual({
    checksumOk: true,
    ranges: ['0 3ff 10000', '400 ffff 400'],
    reports: [],
  });
});

test('says so where the range behind goes to another SMMU', () => {
  const mappings = [
    { input: 0, count: 0x2ff, to: SMMU },
    { input: 0x300, count: 0xfcff, output: 0x300, to: OTHER },
  ];
  const { ranges, reports } = relocate(table(...mappings), PORTS, MORE);
  expect(ranges).toBeUndefined();
  expect(reports).toEqual(['iort-range']);
});

test('a card behind another port goes to the SMMU of that port', () => {
  const before = [...PORTS, bridge('40:01.0', 0x41), fn('02:00.0')];
  const after = [...PORTS, bridge('40:01.0', 0x41), fn('41:00.0')];
  const mappings = [
    { input: 0, count: 0x2ff, to: SMMU },
    { input: 0x4000, count: 0xff, output: 0x4000, to: OTHER },
  ];
  const { ranges, reports } = relocate(table(...mappings), before, after, { '02:00.0': '41:00.0' });
  expect(ranges).toEqual(['0 2ff 0', '4000 41ff 4000']);
  expect(reports).toEqual([]);
});

test('what went to no SMMU still does not', () => {
  expect(relocate(table({ input: 0x4000, count: 0xff, to: SMMU }), PORTS, MORE).ranges).toBeUndefined();
});
