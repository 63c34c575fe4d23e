import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import { parseIort, writeIort } from '../src/index.js';
import {
  iort,
  iortWith,
  itsGroup,
  namedComponent,
  otherNode,
  pmcg,
  richIort,
  rmr,
  rootComplex,
  smmuV2,
  smmuV3,
} from './support/iort.js';

const FIRST = 48;

/** The table with another number of 32 bits at one place. */
const changed = (table: Uint8Array, at: number, value: number): Uint8Array => {
  new DataView(table.buffer).setUint32(at, value, true);
  return table;
};

test('reads every kind of node in table order', () => {
  expect(parseIort(richIort()).nodes.map(({ kind }) => kind)).toEqual([
    'smmu-v3',
    'smmu-v2',
    'root-complex',
    'its-group',
    'named-component',
    'pmcg',
    'rmr',
    'other',
    'other',
  ]);
});

test('reads an SMMUv3', () => {
  const [smmu] = parseIort(iort(smmuV3({ base: 0x2b400000n, model: 1, flags: 1 }))).nodes;
  expect(smmu).toMatchObject({ kind: 'smmu-v3', baseAddress: 0x2b400000n, model: 1, flags: 1, offset: 48 });
});

test('reads an SMMUv2', () => {
  const [smmu] = parseIort(iort(smmuV2(0xe8000000n, 3))).nodes;
  expect(smmu).toMatchObject({ kind: 'smmu-v2', baseAddress: 0xe8000000n, span: 0x10000n, model: 3 });
});

test('reads a segment of 32 bits', () => {
  expect(parseIort(iort(rootComplex(0x10001))).nodes[0]).toMatchObject({ segment: 0x10001, ats: true });
});

test.each([
  [0, false],
  [1, true],
  [2, false],
])('reads of attributes %i of a root complex whether it supports ATS', (attributes, ats) => {
  expect(parseIort(changed(iort(rootComplex(0)), FIRST + 24, attributes)).nodes[0]).toMatchObject({ ats });
});

test('reads the path of a named component up to its zero', () => {
  expect(parseIort(iort(namedComponent('\\_SB_.ETH0'))).nodes[0]).toMatchObject({ deviceName: '\\_SB_.ETH0' });
});

test('reads mappings, and finds the node that they name', () => {
  const table = parseIort(iort(rootComplex(0, { input: 0x100, count: 0xff, output: 0x200, to: 1 }), smmuV3()));
  const [mapping] = table.nodes[0]?.mappings ?? [];
  expect(mapping).toMatchObject({ inputBase: 0x100, idCount: 0xff, outputBase: 0x200, single: false });
  expect(table.nodeAt(mapping?.outputReference ?? 0)?.kind).toBe('smmu-v3');
});

test('reads reserved memory', () => {
  expect(parseIort(iort(rmr([[0x1000n, 0x2000n]], true))).nodes[0]).toMatchObject({
    remapPermitted: true,
    descriptors: [{ base: 0x1000n, length: 0x2000n }],
  });
});

test('reads ids of interrupt translation services', () => {
  expect(parseIort(iort(itsGroup(3, 4))).nodes[0]).toMatchObject({ identifiers: [3, 4] });
});

test.each([
  ['revision 0 has none', { revision: 0, wires: [0, 0, 0, 0] as const }, undefined],
  ['revision 1 has one', { revision: 1, wires: [0, 0, 0, 0] as const }, 1],
  ['some interrupt is sent as a message', { revision: 4, wires: [1, 2, 3, 0] as const }, 1],
  ['all interrupts have wires', { revision: 4 }, undefined],
  ['revision 5 says so', { revision: 5, flags: 0x10 }, 1],
  ['revision 5 does not say so', { revision: 5, wires: [0, 0, 0, 0] as const }, undefined],
  ['it passes the list', { revision: 5, flags: 0x10, deviceIdMapping: 2 }, undefined],
])('knows the mapping of an SMMUv3 for its own interrupts: %s', (_, sketch, expected) => {
  const node = smmuV3({ deviceIdMapping: 1, mappings: [{ to: 1 }, { to: 1, single: true }], ...sketch });
  expect(parseIort(iort(node, itsGroup(0))).nodes[0]).toMatchObject({ deviceIdMapping: expected });
});

test('knows no mapping of an SMMUv3 for its own interrupts when the node ends before it is named', () => {
  const whole = smmuV3({ revision: 5, flags: 0x10 });
  expect(parseIort(iort({ ...whole, data: whole.data.slice(0, -4) })).nodes[0]).toMatchObject({
    kind: 'smmu-v3',
    deviceIdMapping: undefined,
  });
});

test('knows the mapping of an SMMUv3 for its own interrupts when the node ends with its index', () => {
  // No byte is left for the mapping, so it lies on the last fields.
  const table = changed(iort(smmuV3({ revision: 5, flags: 0x10 })), FIRST + 8, 1);
  expect(parseIort(changed(table, FIRST + 12, 48)).nodes[0]).toMatchObject({ deviceIdMapping: 0 });
});

test('knows the mapping of performance counters for their interrupt', () => {
  const mapping = { to: 0, single: true };
  const [, messages, wired, none] = parseIort(iort(itsGroup(0), pmcg(0, mapping), pmcg(5, mapping), pmcg(0))).nodes;
  expect([messages, wired, none]).toMatchObject([
    { deviceIdMapping: 0 },
    { deviceIdMapping: undefined },
    { deviceIdMapping: undefined },
  ]);
});

test('keeps the number of a kind that it does not know', () => {
  expect(parseIort(iort(otherNode(200))).nodes[0]).toMatchObject({ kind: 'other', type: 200 });
});

test('reads a table without nodes', () => {
  expect(parseIort(iortWith({ revision: 0 })).nodes).toEqual([]);
});

test('does not ask where nodes are when there are none', () => {
  expect(parseIort(changed(iort(), 40, 0)).nodes).toEqual([]);
});

test('reads a node that is nothing but its header', () => {
  expect(parseIort(iort({ type: 200, data: [] })).nodes).toMatchObject([{ kind: 'other', type: 200, mappings: [] }]);
});

test('reads mappings that follow the header of a node at once', () => {
  const table = iort({ type: 200, data: [], mappings: [{ output: 5, to: 0 }] });
  expect(parseIort(table).nodes[0]?.mappings).toMatchObject([{ outputBase: 5, outputReference: FIRST }]);
});

test('tells a wrong checksum', () => {
  const table = iort(smmuV3());
  table[9] = (table[9] ?? 0) ^ 1;
  expect(parseIort(table).checksumOk).toBe(false);
});

test('takes mappings without a place for none', () => {
  expect(parseIort(changed(iort(rootComplex(0, { to: 0 })), FIRST + 12, 0)).nodes[0]?.mappings).toEqual([]);
});

test('does not ask where mappings are when there are none', () => {
  expect(parseIort(changed(iort(rootComplex(0)), FIRST + 12, 4)).nodes[0]?.mappings).toEqual([]);
});

test('takes memory ranges without a place for none', () => {
  const table = changed(iort(rmr([[0x1000n, 0x2000n]], true)), FIRST + 24, 0);
  expect(parseIort(table).nodes[0]).toMatchObject({ descriptors: [] });
});

test('does not ask where memory ranges are when there are none', () => {
  expect(parseIort(changed(iort(rmr([], true)), FIRST + 24, 4)).nodes[0]).toMatchObject({ descriptors: [] });
});

const refusal = (table: Uint8Array): string => {
  try {
    parseIort(table);
  } catch (error) {
    if (isIommuError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'read';
};

test.each([
  ['nodes inside of the header', 40, 4, 'ERR_TABLE_FIELD IORT+0x28: offset 4 of the nodes, expected at least 48'],
  ['more nodes than there are', 36, 9, /^ERR_TABLE_FIELD IORT\+0x.*: node 1 of 9 passes the end/],
  ['more mappings than fit', 48 + 8, 2, /^ERR_TABLE_FIELD IORT\+0x54: 2 id mappings of 20 bytes/],
  ['mappings inside of the node’s header', 48 + 12, 4, /^ERR_TABLE_FIELD/],
])('refuses %s, and says where', (_, at, value, message) => {
  const table = changed(iort(rootComplex(0, { to: 0 })), at, value);
  expect(refusal(table)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
});

test.each([0, 15])('refuses a node of %i bytes', (length) => {
  const table = iort(smmuV3());
  new DataView(table.buffer).setUint16(49, length, true);
  expect(refusal(table)).toBe(`ERR_TABLE_FIELD IORT+0x31: node length ${length}, expected at least 16`);
});

test('refuses a node that passes the end of the table, and says where', () => {
  const table = iort(otherNode(200));
  new DataView(table.buffer).setUint16(FIRST + 1, 33, true);
  expect(refusal(table)).toBe('ERR_TABLE_FIELD IORT+0x31: node of 33 bytes passes the end of the table at 80');
});

test.each([
  [0, 'its-group', 20],
  [1, 'named-component', 29],
  [2, 'root-complex', 32],
  [3, 'smmu-v2', 36],
  [4, 'smmu-v3', 60],
  [5, 'pmcg', 28],
  [6, 'rmr', 28],
])('reads a node of kind %i, %s, that ends with what is read of it, after %i bytes', (type, kind, length) => {
  const table = iort({ type, data: new Array<number>(length - 16).fill(0) });
  expect(parseIort(table).nodes).toMatchObject([{ kind }]);
});

test.each([
  [0, 19],
  [1, 28],
  [2, 31],
  [3, 35],
  [4, 59],
  [5, 27],
  [6, 27],
])('refuses a node of kind %i that ends after %i bytes', (type, length) => {
  const table = iort({ type, data: new Array<number>(length - 16).fill(0) });
  expect(refusal(table)).toMatch(/^ERR_TABLE_FIELD IORT\+0x31: node of type/);
});

test('writes tables that it can read', () => {
  const table = parseIort(
    writeIort({
      smmus: [
        { version: 'v3', base: 0x9050000n },
        { version: 'v2', base: 0x5000000n },
      ],
      rootComplexes: [
        { segment: 0, smmu: 0 },
        { segment: 3, smmu: 1 },
      ],
    }),
  );
  expect(table.checksumOk).toBe(true);
  expect(table.nodes.map(({ kind }) => kind)).toEqual(['smmu-v3', 'smmu-v2', 'root-complex', 'root-complex']);
  const targets = table.nodes.map(({ mappings }) => table.nodeAt(mappings[0]?.outputReference ?? 0)?.kind);
  expect(targets).toEqual([undefined, undefined, 'smmu-v3', 'smmu-v2']);
});
