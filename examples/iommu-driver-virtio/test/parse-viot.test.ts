import { isIommuError } from '@iommu/core';
import { describe, expect, test } from 'vitest';
import { parseViot, writeViot } from '../src/index.js';
import { FIRST_NODE, iommuMmio, iommuPci, mmio, node, range, viot, viotWith } from './support/bytes.js';

const COUNT = 36;

test('reads every kind of node', () => {
  const table = viot(
    iommuPci(0x108, 2),
    iommuMmio(0x1_0a00_0000n),
    range({ endpoint: 0x10000, segments: [1, 3], rids: [0x100, 0x2ff] }),
    mmio(7, 0xa003e00n, FIRST_NODE + 16),
  );
  expect(parseViot(table)).toMatchObject({
    checksumOk: true,
    endedBy: undefined,
    nodes: [
      { kind: 'virtio-iommu-pci', offset: 48, length: 16, segment: 2, rid: 0x108 },
      { kind: 'virtio-iommu-mmio', offset: 64, length: 16, baseAddress: 0x1_0a00_0000n },
      {
        kind: 'pci-range',
        offset: 80,
        length: 24,
        firstEndpoint: 0x10000,
        firstSegment: 1,
        lastSegment: 3,
        firstRid: 0x100,
        lastRid: 0x2ff,
        outputNode: 48,
      },
      { kind: 'mmio-endpoint', offset: 104, length: 24, endpoint: 7, baseAddress: 0xa003e00n, outputNode: 64 },
    ],
  });
});

test('reads back what it writes', () => {
  const table = writeViot({
    iommus: ['0002:01:02.3', 0xa000000n],
    ranges: [{ first: '0001:01:00.0', last: '0003:02:1f.7', iommu: 1, firstEndpoint: 9 }],
    endpoints: [{ baseAddress: 0xa003e00n, endpoint: 7 }],
  });
  expect(table).toEqual(
    viot(
      iommuPci(0x113, 2),
      iommuMmio(0xa000000n),
      range({ endpoint: 9, segments: [1, 3], rids: [0x100, 0x2ff], output: 64 }),
      mmio(7, 0xa003e00n),
    ),
  );
});

test('keeps nodes of a kind that it does not know, and reads on', () => {
  const { nodes, endedBy } = parseViot(viot(node(9, [1, 2, 3, 4]), iommuPci(8)));
  expect(nodes).toMatchObject([{ kind: 'other', type: 9, length: 8 }, { kind: 'virtio-iommu-pci' }]);
  expect(endedBy).toBeUndefined();
});

test('reads no more nodes than the table counts', () => {
  expect(parseViot(viotWith({ count: 1 }, iommuPci(8), range())).nodes).toHaveLength(1);
});

test('starts where the table says', () => {
  const table = viotWith({ count: 1, offset: FIRST_NODE + 16 }, iommuPci(8), range());
  expect(parseViot(table).nodes).toMatchObject([{ kind: 'pci-range', offset: 64 }]);
});

test('tells a wrong checksum', () => {
  const table = viot(iommuPci(8));
  table[9] = (table[9] as number) + 1;
  expect(parseViot(table).checksumOk).toBe(false);
});

describe('a node that contradicts itself ends the list', () => {
  test.each([
    [
      'of length 0',
      node(1, new Array<number>(20).fill(0), 0),
      'VIOT+0x40: node of type 1 of 0 bytes, expected at least 24',
    ],
    ['shorter than its kind', node(3, [0, 0, 8, 0]), 'VIOT+0x40: node of type 3 of 8 bytes, expected at least 16'],
    [
      'of unknown kind, shorter than its header',
      node(9, [], 3),
      'VIOT+0x40: node of type 9 of 3 bytes, expected at least 4',
    ],
    ['that passes the end', node(9, [], 500), 'VIOT+0x40: node of type 9 needs 500 bytes, 28 are left'],
  ])('%s', (_, wrong, message) => {
    const { nodes, endedBy } = parseViot(viot(iommuPci(8), wrong, range()));
    expect(nodes.map(({ kind }) => kind)).toEqual(['virtio-iommu-pci']);
    expect(endedBy).toBe(message);
  });
});

test('a list that starts before the first node, or goes on behind the end, is told', () => {
  expect(parseViot(viotWith({ offset: 40 }, iommuPci(8)))).toMatchObject({
    nodes: [],
    endedBy: 'VIOT+0x28: node before the first, expected it at 48 or behind',
  });
  expect(parseViot(viotWith({ count: 2 }, iommuPci(8)))).toMatchObject({
    nodes: [{ kind: 'virtio-iommu-pci' }],
    endedBy: 'VIOT+0x40: the header of a node needs 4 bytes, 0 are left',
  });
});

describe('an IOMMU is found by the place of its node', () => {
  const table = viotWith({ count: 2, offset: FIRST_NODE + 16 }, iommuPci(1), iommuPci(8), range(), iommuMmio(5n));
  const { iommuAt } = parseViot(table);

  test('whether the table counts it or not', () => {
    expect(iommuAt(FIRST_NODE + 16)).toMatchObject({ kind: 'virtio-iommu-pci', rid: 8 });
    expect(iommuAt(FIRST_NODE + 32 + 24)).toMatchObject({ kind: 'virtio-iommu-mmio', baseAddress: 5n });
  });

  test.each([
    ['before the first node', FIRST_NODE],
    ['where a node of another kind is', FIRST_NODE + 32],
    ['behind the end', 4000],
    ['in the header', 0],
  ])('not %s', (_, offset) => {
    expect(iommuAt(offset)).toBeUndefined();
  });
});

test.each([
  ['nothing', new Uint8Array(), 'ERR_TABLE_TRUNCATED'],
  ['part of its header', viot().subarray(0, 40), 'ERR_TABLE_TRUNCATED'],
  ['a header without what follows', viot(iommuPci(8)).subarray(0, 50), 'ERR_TABLE_TRUNCATED'],
  [
    'another table',
    Uint8Array.from([...'IORT'].map((letter) => letter.charCodeAt(0)).concat(new Array(44).fill(0))),
    'ERR_TABLE_SIGNATURE',
  ],
])('refuses %s', (_, bytes, code) => {
  const attempt = (): unknown => {
    try {
      return parseViot(bytes);
    } catch (error) {
      if (isIommuError(error)) return error.code;
      throw error;
    }
  };
  expect(attempt()).toBe(code);
});

test('refuses a table shorter than the header of a VIOT', () => {
  const table = viot();
  new DataView(table.buffer).setUint32(4, COUNT, true);
  expect(() => parseViot(table)).toThrow(/VIOT\+0x0: the VIOT header needs 48 bytes, 36 are left/);
});
