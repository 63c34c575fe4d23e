import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../tests/support/sweep.js';
import {
  formatReservedRegion,
  insertReservedRegion,
  type ReservedRegion,
  type ReservedRegionType,
} from '../src/index.js';

const TYPES: readonly ReservedRegionType[] = ['direct', 'direct-relaxable', 'reserved', 'msi', 'sw-msi'];

const region = (type: ReservedRegionType, start: number, end: number): ReservedRegion => ({
  start: BigInt(start),
  end: BigInt(end),
  type,
});

const listOf = (...regions: readonly ReservedRegion[]): ReservedRegion[] => {
  const list: ReservedRegion[] = [];
  for (const one of regions) insertReservedRegion(list, one);
  return list;
};

describe('order', () => {
  test('sorts by start', () => {
    const [low, middle, high] = [region('msi', 0, 1), region('direct', 10, 11), region('reserved', 20, 21)];
    expect(listOf(high, low, middle)).toEqual([low, middle, high]);
  });

  test('sorts equal starts by kind: direct, direct-relaxable, reserved, msi, sw-msi', () => {
    const sorted = TYPES.map((type) => region(type, 0, 7));
    expect(listOf(...[...sorted].reverse())).toEqual(sorted);
    expect(listOf(...sorted)).toEqual(sorted);
  });

  test('starts from an empty list', () => {
    expect(listOf()).toEqual([]);
  });
});

describe('merging', () => {
  test('keeps a region once that is added twice', () => {
    expect(listOf(region('direct', 5, 9), region('direct', 5, 9))).toEqual([region('direct', 5, 9)]);
  });

  test('joins regions of one kind that overlap', () => {
    expect(listOf(region('direct', 0, 6), region('direct', 5, 9))).toEqual([region('direct', 0, 9)]);
  });

  test('joins regions of one kind that adjoin exactly', () => {
    expect(listOf(region('direct', 0, 4), region('direct', 5, 9))).toEqual([region('direct', 0, 9)]);
  });

  test('keeps regions of one kind apart that have one byte between them', () => {
    const list = [region('direct', 0, 3), region('direct', 5, 9)];
    expect(listOf(...list)).toEqual(list);
  });

  test('keeps the end of the larger when one lies inside the other', () => {
    expect(listOf(region('direct', 0, 9), region('direct', 3, 4))).toEqual([region('direct', 0, 9)]);
    expect(listOf(region('direct', 3, 4), region('direct', 0, 9))).toEqual([region('direct', 0, 9)]);
  });

  test('joins two regions through a third that fills the gap', () => {
    expect(listOf(region('msi', 0, 1), region('msi', 4, 5), region('msi', 2, 3))).toEqual([region('msi', 0, 5)]);
  });

  test('joins regions of one kind across another kind between them', () => {
    expect(listOf(region('direct', 0, 4), region('reserved', 2, 3), region('direct', 5, 9))).toEqual([
      region('direct', 0, 9),
      region('reserved', 2, 3),
    ]);
  });

  test('never joins regions of different kinds', () => {
    for (const one of TYPES) {
      for (const other of TYPES) {
        expect(listOf(region(one, 0, 9), region(other, 0, 9))).toHaveLength(one === other ? 1 : 2);
      }
    }
  });

  test('joins regions at the top of the address space', () => {
    const top = 2n ** 64n - 1n;
    const list = listOf({ start: 16n, end: top, type: 'direct' }, { start: top, end: top, type: 'direct' });
    expect(list).toEqual([{ start: 16n, end: top, type: 'direct' }]);
  });

  test('leaves the regions that were passed as they are', () => {
    const passed = Object.freeze(region('direct', 0, 4));
    const list = listOf(passed, region('direct', 5, 9));
    expect(passed.end).toBe(4n);
    expect(list[0]?.end).toBe(9n);
  });
});

describe('printing', () => {
  test('prints both ends inclusive, in 16 lower case hex digits', () => {
    expect(formatReservedRegion({ start: 0xfee00000n, end: 0xfeefffffn, type: 'msi' })).toBe(
      '0x00000000fee00000 0x00000000feefffff msi',
    );
  });

  test('prints the whole address space', () => {
    expect(formatReservedRegion({ start: 0n, end: 2n ** 64n - 1n, type: 'reserved' })).toBe(
      '0x0000000000000000 0xffffffffffffffff reserved',
    );
  });

  test.each([
    ['direct', 'direct'],
    ['direct-relaxable', 'direct-relaxable'],
    ['reserved', 'reserved'],
    ['msi', 'msi'],
    ['sw-msi', 'msi'],
  ] as const)('prints the kind %s as %s', (type, text) => {
    expect(formatReservedRegion(region(type, 0, 0)).split(' ')[2]).toBe(text);
  });
});

/** Obviously right: of each kind colour the bytes, and read the runs off; then sort. */
const naive = (regions: readonly ReservedRegion[]): ReservedRegion[] => {
  const found: ReservedRegion[] = [];
  for (const type of TYPES) {
    const bytes = new Set<bigint>();
    for (const one of regions) {
      for (let at = one.start; one.type === type && at <= one.end; at++) bytes.add(at);
    }
    for (const start of bytes) {
      if (bytes.has(start - 1n)) continue;
      let end = start;
      while (bytes.has(end + 1n)) end++;
      found.push({ start, end, type });
    }
  }
  const key = ({ start, type }: ReservedRegion) => Number(start) * TYPES.length + TYPES.indexOf(type);
  return found.sort((one, other) => key(one) - key(other));
};

test('agrees with colouring every byte, in whatever order regions come', () => {
  const arbitrary = fc
    .record({ type: fc.constantFrom(...TYPES), start: fc.nat(40), length: fc.nat(8) })
    .map(({ type, start, length }) => region(type, start, start + length));
  fc.assert(
    fc.property(fc.array(arbitrary, { maxLength: 20 }), (regions) => {
      expect(listOf(...regions)).toEqual(naive(regions));
    }),
    { numRuns: runs(10_000, 1_000) },
  );
});
