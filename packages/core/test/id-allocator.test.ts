import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdAllocator } from '../src/id-allocator.js';

test('hands out 0, 1, 2 and so on', () => {
  const ids = new IdAllocator();
  expect([ids.alloc(), ids.alloc(), ids.alloc()]).toEqual([0, 1, 2]);
});

test('hands out the lowest free id first', () => {
  const ids = new IdAllocator();
  for (let n = 0; n < 5; n++) ids.alloc();
  for (const id of [3, 1, 4]) ids.free(id);
  expect([ids.alloc(), ids.alloc(), ids.alloc(), ids.alloc()]).toEqual([1, 3, 4, 5]);
});

test('agrees with a search for the lowest number not in use', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1, max: 30 }), { maxLength: 200 }), (steps) => {
      const ids = new IdAllocator();
      const used = new Set<number>();
      for (const step of steps) {
        if (used.delete(step)) ids.free(step);
        else {
          let lowest = 0;
          while (used.has(lowest)) lowest++;
          expect(ids.alloc()).toBe(lowest);
          used.add(lowest);
        }
      }
    }),
  );
});

test('hands freed ids out in ascending order, in whatever order they were freed', () => {
  const all = Array.from({ length: 40 }, (_, id) => id);
  fc.assert(
    fc.property(fc.shuffledSubarray(all), (freed) => {
      const ids = new IdAllocator();
      for (const _ of all) ids.alloc();
      for (const id of freed) ids.free(id);
      expect(freed.map(() => ids.alloc())).toEqual(freed.toSorted((one, other) => one - other));
    }),
  );
});
