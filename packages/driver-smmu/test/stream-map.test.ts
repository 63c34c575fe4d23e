import type { Group } from '@iommu/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../tests/support/sweep.js';
import { StreamMap, streamMapShape } from '../src/stream-map.js';

const SHAPE = { matching: true, entries: 4, lastId: 0x7fff };
const stream = (id: number, mask = 0): number => ((mask << 16) | id) >>> 0;

test('gives each stream the first free entry', () => {
  expect(new StreamMap(SHAPE).claim([stream(1), stream(2)])).toEqual([0, 1]);
});

test('finds a stream again', () => {
  const map = new StreamMap(SHAPE);
  map.claim([stream(1), stream(2)]);
  expect(map.claim([stream(2), stream(2)])).toEqual([1, 1]);
});

test('finds what an entry matches as a whole', () => {
  const map = new StreamMap(SHAPE);
  map.claim([stream(0x100, 0xff)]);
  expect(map.claim([stream(0x123), stream(0x180, 0xf)])).toEqual([0, 0]);
});

test.each([
  ['a wider stream', stream(0x100, 0xfff)],
  ['a stream that overlaps in part', stream(0x180, 0x180)],
])('refuses %s', (_, other) => {
  const map = new StreamMap(SHAPE);
  map.claim([stream(0x100, 0xff)]);
  expect(map.claim([other])).toBe('EINVAL');
});

test('refuses more streams than entries, and gives back what it took for them', () => {
  const map = new StreamMap(SHAPE);
  expect(map.claim([1, 2, 3, 4, 5].map((id) => stream(id)))).toBe('ENOSPC');
  expect(map.claim([stream(9)])).toEqual([0]);
});

test.each([
  ['an id', stream(0x8000)],
  ['a mask', stream(0, 0x8000)],
])('refuses %s out of range', (_, one) => {
  expect(new StreamMap(SHAPE).claim([one])).toBe('EINVAL');
});

test.each([
  ['the last id', stream(0x7fff)],
  ['a mask of all bits', stream(0, 0x7fff)],
])('takes %s that there is', (_, one) => {
  expect(new StreamMap(SHAPE).claim([one])).toEqual([0]);
});

test('frees an entry with its last user', () => {
  const map = new StreamMap(SHAPE);
  map.claim([stream(1)]);
  map.claim([stream(1)]);
  map.release([0]);
  expect(map.claim([stream(2)])).toEqual([1]);
  map.release([0]);
  expect(map.claim([stream(3)])).toEqual([0]);
});

test('takes the id for the entry where streams are not matched', () => {
  const map = new StreamMap({ matching: false, entries: 0, lastId: 0x7f });
  expect(map.claim([stream(0x42), stream(0x42)])).toEqual([0x42, 0x42]);
  expect(map.claim([stream(0x80)])).toBe('EINVAL');
});

describe('groups of entries', () => {
  const group = (id: number): Group => ({ id }) as Group;
  const [a, b] = [group(1), group(2)];
  const mapWith = (...owners: (Group | undefined)[]): StreamMap => {
    const map = new StreamMap(SHAPE);
    for (const [at, owner] of owners.entries()) {
      map.claim([stream(at)]);
      if (owner) map.setGroup([at], owner);
    }
    return map;
  };

  test('are none at first', () => {
    expect(mapWith(undefined).groupOf([0])).toBeUndefined();
  });

  test('count when they are one', () => {
    expect(mapWith(a, a).groupOf([0, 1])).toBe(a);
  });

  test('contradict each other', () => {
    expect(mapWith(a, b).groupOf([0, 1])).toBe('EINVAL');
  });

  test('count by the last entry, as in the kernel', () => {
    expect(mapWith(undefined, a).groupOf([0, 1])).toBe(a);
    expect(mapWith(a, undefined).groupOf([0, 1])).toBeUndefined();
  });

  test('end with the entry', () => {
    const map = mapWith(a);
    map.release([0]);
    map.claim([stream(0)]);
    expect(map.groupOf([0])).toBeUndefined();
  });
});

test.each([
  ['matching, 48 entries, 15 bits of id', 0x0800_1e30n, { matching: true, entries: 48, lastId: 0x7fff }],
  ['indexing, 7 bits of id', 0x0000_0e00n, { matching: false, entries: 0, lastId: 0x7f }],
  ['16 bits of id', 0x0800_0180n, { matching: true, entries: 128, lastId: 0xffff }],
])('reads the shape from a register: %s', (_, idr0, shape) => {
  expect(streamMapShape({ registers: { idr0 } })).toEqual(shape);
});

test('supposes a usual shape where no register was read', () => {
  expect(streamMapShape(undefined)).toEqual({ matching: true, entries: 128, lastId: 0x7fff });
});

test('never lets two entries match one id', () => {
  const claims = fc.array(fc.record({ id: fc.nat(31), mask: fc.nat(31) }), { maxLength: 12 });
  fc.assert(
    fc.property(claims, (list) => {
      const map = new StreamMap({ matching: true, entries: 128, lastId: 31 });
      const entries = new Map<number, { id: number; mask: number }>();
      for (const { id, mask } of list) {
        const claimed = map.claim([stream(id, mask)]);
        if (typeof claimed === 'string') continue;
        const index = claimed[0] ?? 0;
        if (!entries.has(index)) entries.set(index, { id, mask });
      }
      for (let one = 0; one < 32; one++) {
        const matching = [...entries.values()].filter(({ id, mask }) => ((one ^ id) & ~mask) === 0);
        expect(matching.length).toBeLessThanOrEqual(1);
      }
    }),
    { seed: Number(process.env['IOMMU_TEST_SEED']), numRuns: runs(2000, 200) },
  );
});
