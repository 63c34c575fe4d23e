import { isIommuError } from '@iommu/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../tests/support/sweep.js';
import { type NodeSketch, parseDeviceTree, writeDeviceTree } from '../src/index.js';

const SOC: NodeSketch = {
  properties: { '#address-cells': [1], '#size-cells': [1] },
  nodes: {
    'iommu@9050000': { properties: { phandle: [7], reg: [0x9050000, 0x20000], compatible: ['arm,smmu-v3', 'x'] } },
    'ethernet@9040000': { properties: { 'linux,phandle': [8], 'dma-coherent': true } },
  },
};
const TREE = writeDeviceTree({ properties: { model: 'board' }, nodes: { soc: SOC, chosen: {} } });

const tree = parseDeviceTree(TREE);

/** The code of what is thrown. */
const failure = (bytes: Uint8Array): string => {
  try {
    parseDeviceTree(bytes);
    return 'read';
  } catch (error) {
    if (!isIommuError(error)) throw error;
    expect(error.message).toMatch(/^devicetree\+0x[0-9a-f]+: /);
    return error.code;
  }
};

const withCell = (at: number, value: number): Uint8Array => {
  const copy = Uint8Array.from(TREE);
  new DataView(copy.buffer).setUint32(at, value);
  return copy;
};

/** A tree of which the structure block is these cells. */
const withTokens = (...structure: number[]): Uint8Array => {
  const whole = new Uint8Array(56 + 4 * structure.length);
  whole.set(writeDeviceTree({}).subarray(0, 56));
  const view = new DataView(whole.buffer);
  for (const [at, token] of structure.entries()) view.setUint32(56 + 4 * at, token);
  view.setUint32(4, whole.length);
  view.setUint32(12, 56);
  view.setUint32(36, 4 * structure.length);
  return whole;
};

test('gives nodes in their order, each before what is below it', () => {
  expect([...tree.nodes()].map(({ path }) => path)).toEqual([
    '/',
    '/soc',
    '/soc/iommu@9050000',
    '/soc/ethernet@9040000',
    '/chosen',
  ]);
});

test('finds nodes by path and by handle, of the old name too', () => {
  expect(tree.find('/soc/iommu@9050000')?.baseName).toBe('iommu');
  expect(tree.byPhandle(7)?.path).toBe('/soc/iommu@9050000');
  expect(tree.byPhandle(8)?.path).toBe('/soc/ethernet@9040000');
  expect([tree.find('/soc/none'), tree.byPhandle(9)]).toEqual([undefined, undefined]);
});

test('reads cells, texts and properties without a value', () => {
  const iommu = tree.byPhandle(7);
  expect(iommu?.property('reg')?.cells).toEqual([0x9050000, 0x20000]);
  expect(iommu?.property('reg')?.number(0, 2)).toBe(0x905000000020000n);
  expect(iommu?.property('compatible')?.texts).toEqual(['arm,smmu-v3', 'x']);
  expect(tree.root.property('model')?.text).toBe('board');
  expect(tree.byPhandle(8)?.property('dma-coherent')).toMatchObject({ length: 0, cells: [], texts: [] });
  expect(tree.byPhandle(8)?.property('none')).toBeUndefined();
});

test('says which cell a property lacks', () => {
  const reg = tree.byPhandle(7)?.property('reg');
  expect(() => reg?.cell(2)).toThrow(/cell 2 of 'reg' needs 4 bytes, 0 are left/);
});

test('reads the memory reserve map', () => {
  const bytes = new Uint8Array(TREE.length + 32);
  bytes.set(TREE);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, bytes.length);
  view.setUint32(16, TREE.length);
  view.setBigUint64(TREE.length, 0x40000000n);
  view.setBigUint64(TREE.length + 8, 0x1000n);
  expect(parseDeviceTree(bytes).reserved).toEqual([{ address: 0x40000000n, size: 0x1000n }]);
});

test('takes the first of two nodes with one handle', () => {
  const twice = parseDeviceTree(
    writeDeviceTree({ nodes: { a: { properties: { phandle: [1] } }, b: { properties: { phandle: [1] } } } }),
  );
  expect(twice.byPhandle(1)?.path).toBe('/a');
});

describe('refuses', () => {
  test.each([
    ['another file', withCell(0, 0xfeedd00d), 'ERR_TABLE_SIGNATURE'],
    ['a version whose names are whole paths', withCell(20, 3), 'ERR_TABLE_FIELD'],
    ['a version of the future', withCell(24, 18), 'ERR_TABLE_FIELD'],
    ['a size below that of its header', withCell(4, 39), 'ERR_TABLE_FIELD'],
    ['a size that passes the end', withCell(4, TREE.length + 1), 'ERR_TABLE_TRUNCATED'],
    ['a structure block outside', withCell(8, TREE.length + 4), 'ERR_TABLE_FIELD'],
    ['a structure block inside of the header', withCell(8, 0), 'ERR_TABLE_FIELD'],
    ['a structure block that is too long', withCell(36, TREE.length), 'ERR_TABLE_TRUNCATED'],
    ['a strings block that is too long', withCell(32, 0xffffffff), 'ERR_TABLE_TRUNCATED'],
    ['a reserve map without an end', withCell(16, TREE.length - 8), 'ERR_TABLE_TRUNCATED'],
    ['an unknown token', withCell(56, 5), 'ERR_TABLE_FIELD'],
    ['an end before any node', withCell(56, 9), 'ERR_TABLE_FIELD'],
    ['a property before any node', withCell(56, 3), 'ERR_TABLE_FIELD'],
    ['an end of a node before any node', withCell(56, 2), 'ERR_TABLE_FIELD'],
    ['a property longer than the rest', withCell(68, 0xffffffff), 'ERR_TABLE_TRUNCATED'],
    ['a property whose name is outside', withCell(72, 0xffffffff), 'ERR_TABLE_TRUNCATED'],
  ])('%s', (_, bytes, code) => {
    expect(failure(bytes)).toBe(code);
  });

  test('nodes below each other without end', () => {
    const deep = (levels: number): NodeSketch => (levels === 0 ? {} : { nodes: { n: deep(levels - 1) } });
    expect(failure(writeDeviceTree(deep(63)))).toBe('read');
    expect(failure(writeDeviceTree(deep(64)))).toBe('ERR_TABLE_FIELD');
  });

  test('a second root', () => {
    expect(failure(withTokens(1, 0, 2, 1, 0, 2, 9))).toBe('ERR_TABLE_FIELD');
  });

  test('an end inside of a node', () => {
    expect(failure(withTokens(1, 0, 9))).toBe('ERR_TABLE_FIELD');
  });

  test('a name without its end', () => {
    expect(failure(withTokens(1, 0x61616161))).toBe('ERR_TABLE_TRUNCATED');
  });
});

test('knows at every byte that the rest is missing', () => {
  for (let length = 0; length < TREE.length; length++)
    expect(failure(TREE.subarray(0, length))).toBe('ERR_TABLE_TRUNCATED');
});

test('reads, or refuses with a reason, every tree of which each cell is 0, 1 or the highest', () => {
  for (let at = 0; at + 4 <= TREE.length; at += 4) {
    for (const value of [0, 1, 0xffffffff]) expect(failure(withCell(at, value))).toMatch(/^(?:read|ERR_TABLE_)/);
  }
});

test('skips tokens that say nothing', () => {
  expect(failure(withTokens(4, 1, 0, 4, 2, 4, 9))).toBe('read');
});

const name = fc.stringMatching(/^[a-z][a-z0-9,-]{0,8}$/);
const properties = fc.dictionary(name, fc.array(fc.nat(0xffffffff), { maxLength: 4 }), {
  maxKeys: 3,
  noNullPrototype: true,
});
const levels = (depth: number): fc.Arbitrary<NodeSketch> =>
  depth === 0
    ? fc.record({ properties })
    : fc.record({ properties, nodes: fc.dictionary(name, levels(depth - 1), { maxKeys: 3, noNullPrototype: true }) });

test('reads what was written', () => {
  const same = (node: ReturnType<typeof parseDeviceTree>['root'], sketch: NodeSketch): void => {
    const read = [...node.properties.values()].map((property) => [property.name, property.cells]);
    expect(Object.fromEntries(read)).toEqual(sketch.properties);
    expect(node.children.map((child) => child.name)).toEqual(Object.keys(sketch.nodes ?? {}));
    for (const child of node.children) same(child, sketch.nodes?.[child.name] as NodeSketch);
  };
  fc.assert(
    fc.property(levels(3), (sketch) => same(parseDeviceTree(writeDeviceTree(sketch)).root, sketch)),
    { seed: Number(process.env['IOMMU_TEST_SEED']), numRuns: runs(1000, 100) },
  );
});
