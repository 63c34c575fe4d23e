import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joined, met, type Partition, partitionOf, refines } from '../src/partition.js';

const DEVICES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Any partition of the devices: each in the group of its number. */
const partitions: fc.Arbitrary<Partition> = fc
  .array(fc.nat({ max: 5 }), { minLength: DEVICES.length, maxLength: DEVICES.length })
  .map((numbers) => partitionOf([...new Set(numbers)].map((one) => DEVICES.filter((_, at) => numbers[at] === one))));

test('what is joined is refined by both, and refines all that both refine', () => {
  fc.assert(
    fc.property(partitions, partitions, partitions, (a, b, other) => {
      const both = joined(a, b);
      expect([refines(a, both), refines(b, both)]).toEqual([true, true]);
      if (refines(a, other) && refines(b, other)) expect(refines(both, other)).toBe(true);
    }),
  );
});

test('what is met refines both, and is refined by all that refine both', () => {
  fc.assert(
    fc.property(partitions, partitions, partitions, (a, b, other) => {
      const both = met(a, b);
      expect([refines(both, a), refines(both, b)]).toEqual([true, true]);
      if (refines(other, a) && refines(other, b)) expect(refines(other, both)).toBe(true);
    }),
  );
});
