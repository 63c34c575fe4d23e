import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeIvrs } from '../src/index.js';
import { aliasSelect, aliasStart, all, end, id, ivrsOf } from './support/ivrs.js';
import { boot, fn, groupLines, UNIT } from './support/platform.js';

const linesOf = (addresses: readonly string[], ...entries: number[][]): string[] =>
  groupLines(boot({ ivrs: ivrsOf(all, ...entries), functions: [UNIT, ...addresses.map((one) => fn(one))] }));

test.each([
  ['the later function as the earlier', aliasSelect('00:05.0', '00:04.0')],
  ['the earlier function as the later', aliasSelect('00:04.0', '00:05.0')],
])('groups two functions of one bus when the table sees %s', (_, entry) => {
  expect(linesOf(['00:04.0', '00:05.0'], entry)).toEqual(['00:04.0 00:05.0']);
});

test('groups what a range sees as a function of its bus', () => {
  const range = [aliasStart('00:05.0', '00:04.0'), end('00:06.7')];
  expect(linesOf(['00:04.0', '00:05.0', '00:06.0', '00:07.0'], ...range)).toEqual([
    '00:04.0 00:05.0 00:06.0',
    '00:07.0',
  ]);
});

test('keeps functions apart that are seen as one that is not there', () => {
  const entries = [aliasSelect('00:04.0', '00:08.0'), aliasSelect('00:05.0', '00:08.0')];
  expect(linesOf(['00:04.0', '00:05.0'], ...entries)).toEqual(['00:04.0', '00:05.0']);
});

test('keeps functions apart that are seen as one of another bus', () => {
  expect(linesOf(['00:04.0', '01:05.0'], aliasSelect('01:05.0', '00:04.0'))).toEqual(['00:04.0', '01:05.0']);
});

test('keeps functions apart that have no alias, though others on their bus have', () => {
  expect(linesOf(['00:00.0', '00:04.0', '00:05.0', '00:06.0'], aliasSelect('00:04.0', '00:05.0'))).toEqual([
    '00:00.0',
    '00:04.0 00:05.0',
    '00:06.0',
  ]);
});

test('does not take an alias on another bus for one on the own', () => {
  const entries = [aliasSelect('01:00.0', '02:05.0'), aliasSelect('01:01.0', '01:02.0')];
  expect(linesOf(['01:00.0', '01:01.0', '01:02.0', '01:05.0'], ...entries)).toEqual([
    '01:00.0',
    '01:01.0 01:02.0',
    '01:05.0',
  ]);
});

test('keeps a function apart that is seen as itself', () => {
  expect(linesOf(['00:04.0', '00:05.0'], aliasSelect('00:05.0', '00:05.0'))).toEqual(['00:04.0', '00:05.0']);
});

test('gives the last of two aliases', () => {
  const entries = [aliasSelect('00:06.0', '00:04.0'), aliasSelect('00:06.0', '00:05.0')];
  expect(linesOf(['00:04.0', '00:05.0', '00:06.0'], ...entries)).toEqual(['00:04.0', '00:05.0 00:06.0']);
});

test('joins the whole bus of an alias at 3.17', () => {
  const functions = [UNIT, fn('00:04.0'), fn('00:05.0'), fn('00:06.0')];
  const rules = { 'pci-group': 'v3.17' };
  const iommu = boot({ ivrs: ivrsOf(all, aliasSelect('00:04.0', '00:05.0')), functions, rules });
  expect(groupLines(iommu)).toEqual(['00:04.0 00:05.0 00:06.0']);
});

test('says that the functions use each other’s ids', () => {
  const iommu = boot({
    ivrs: ivrsOf(all, aliasSelect('00:05.0', '00:04.0')),
    functions: [UNIT, fn('00:04.0'), fn('00:05.0')],
  });
  const device = iommu.devices.find(({ name }) => name === '0000:00:05.0');
  expect(device && iommu.outcomeOf(device).reasons.map(({ rule }) => rule)).toEqual(['alias-partner']);
});

const slot = fc.integer({ min: 4, max: 20 });
const name = (one: number): string => `00:${one.toString(16).padStart(2, '0')}.0`;

/** Groups of single functions that isolate are what aliases between present ones join, pair by pair, in order. */
test('never groups functions that no chain of aliases joins, and always a function with the one it is seen as', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(slot, { minLength: 1 }),
      fc.array(fc.record({ one: slot, as: slot }), { maxLength: 8 }),
      (slots, pairs) => {
        const aliases = new Map(pairs.map(({ one, as }) => [one, as]));
        const entries = [...aliases].map(([one, as]) => ({
          kind: 'select' as const,
          deviceId: id(name(one)),
          alias: id(name(as)),
        }));
        const table = writeIvrs({ units: [{ deviceId: 2, entries: [{ kind: 'all' }, ...entries] }] });
        const lines = groupLines(boot({ ivrs: table, functions: [UNIT, ...slots.map((one) => fn(name(one)))] }));
        const groupOf = (one: number): number => lines.findIndex((line) => line.includes(name(one)));
        const present = [...aliases].filter(([one, as]) => slots.includes(one) && slots.includes(as));
        const parent = new Map(slots.map((one) => [one, one]));
        const top = (one: number): number => (parent.get(one) === one ? one : top(parent.get(one) as number));
        for (const [one, as] of present) parent.set(top(one), top(as));
        for (const one of slots)
          for (const other of slots) if (top(one) !== top(other)) expect(groupOf(one)).not.toBe(groupOf(other));
        // Of two that a pair joins, the later finds the earlier, unless it found another group first.
        for (const [one, as] of present) {
          const joined = slots.filter((other) => top(other) === top(one));
          if (joined.length === 2) expect(groupOf(one)).toBe(groupOf(as));
        }
      },
    ),
  );
});
