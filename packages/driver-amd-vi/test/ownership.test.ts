import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EntrySketch, writeIvrs } from '../src/index.js';
import {
  acpiHid,
  aliasSelect,
  aliasStart,
  all,
  end,
  extSelect,
  extStart,
  id,
  ivhd,
  ivrs,
  ivrsOf,
  pad4,
  select,
  special,
  start,
} from './support/ivrs.js';
import { bindTo, deviceAt, fn, type MachineSketch, machine, ownerOf, UNIT, unitFunction } from './support/platform.js';

/** Who owns a function under a table, on a machine that has it and the unit of 00:00.2. */
const owner = (address: string, table: Uint8Array, more: MachineSketch = {}): string =>
  ownerOf(address, { ivrs: table, functions: [UNIT, fn(address)], ...more });

const whyNone = (address: string, table: Uint8Array): string => {
  const functions = address === '00:00.2' ? [UNIT] : [UNIT, fn(address)];
  const built = machine({ ivrs: table, functions });
  const found = bindTo(built).unitOf(deviceAt(built, address));
  return found && 'none' in found ? found.none.text : 'has a unit';
};

test.each([
  ['all ids', [all], '43:00.0', 'ivhd0'],
  ['the id that is named', [select('03:00.0')], '03:00.0', 'ivhd0'],
  ['no other', [select('03:00.0')], '02:00.0', 'not-in-ivrs'],
  ['the id that is named with more settings', [extSelect('03:00.0')], '03:00.0', 'ivhd0'],
  ['the first of a range', [start('01:00.0'), end('02:00.0')], '01:00.0', 'ivhd0'],
  ['the last of a range', [start('01:00.0'), end('02:00.0')], '02:00.0', 'ivhd0'],
  ['none before a range', [start('01:00.0'), end('02:00.0')], '00:1f.7', 'not-in-ivrs'],
  ['none after a range', [start('01:00.0'), end('02:00.0')], '02:00.1', 'not-in-ivrs'],
  ['a range with more settings', [extStart('01:00.0'), end('02:00.0')], '01:10.0', 'ivhd0'],
  [
    'a range with entries between its ends',
    [start('01:00.0'), pad4, select('09:00.0'), end('02:00.0')],
    '01:10.0',
    'ivhd0',
  ],
  ['no range that nothing closes', [start('01:00.0'), select('09:00.0')], '01:00.0', 'not-in-ivrs'],
  ['a range that nothing opens, from 0 on', [end('02:00.0')], '00:03.0', 'ivhd0'],
  [
    'a range that starts where the last one did',
    [start('01:00.0'), end('01:01.0'), end('02:00.0')],
    '02:00.0',
    'ivhd0',
  ],
  [
    'no range that ends before its start',
    [start('02:00.0'), end('01:00.0'), select('09:00.0')],
    '01:10.0',
    'not-in-ivrs',
  ],
  ['an id that is seen as another', [aliasSelect('03:00.0', '02:00.0')], '03:00.0', 'ivhd0'],
  ['the id that another is seen as', [aliasSelect('03:00.0', '02:00.0')], '02:00.0', 'ivhd0'],
  ['a range that is seen as one id', [aliasStart('03:00.0', '02:00.0'), end('03:1f.7')], '03:10.0', 'ivhd0'],
  ['the id that a range is seen as', [aliasStart('03:00.0', '02:00.0'), end('03:1f.7')], '02:00.0', 'ivhd0'],
  ['a special device', [special('00:14.0'), select('03:00.0')], '00:14.0', 'ivhd0'],
  ['a device of ACPI', [acpiHid('00:14.5'), select('03:00.0')], '00:14.5', 'ivhd0'],
])('gives a unit %s', (_, entries, address, expected) => {
  expect(owner(address, ivrsOf(...entries))).toBe(expected);
});

test.each([
  ['a special device', special('09:00.0')],
  ['a device of ACPI', acpiHid('09:00.0')],
  ['an id that others are seen as', aliasSelect('03:00.0', '09:00.0')],
])('leaves out %s beyond the last id that is named', (_, entry) => {
  expect(owner('09:00.0', ivrsOf(select('03:00.0'), entry))).toBe('not-in-ivrs');
});

test('gives an id to the unit that names it last', () => {
  const table = ivrs(
    ivhd({ unit: '00:00.2' }, start('00:01.0'), end('7f:1f.7')),
    ivhd({ unit: '40:00.2' }, start('40:00.3'), end('4f:1f.7')),
  );
  const functions = [UNIT, unitFunction('40:00.2'), fn('41:00.0'), fn('50:00.0')];
  expect(['41:00.0', '50:00.0'].map((one) => ownerOf(one, { ivrs: table, functions }))).toEqual(['ivhd1', 'ivhd0']);
});

test('gives all ids to the last unit that takes all', () => {
  const table = ivrs(ivhd({ unit: '00:00.2' }, select('01:00.0')), ivhd({ unit: '40:00.2' }, all));
  const functions = [UNIT, unitFunction('40:00.2'), fn('01:00.0')];
  expect(ownerOf('01:00.0', { ivrs: table, functions })).toBe('ivhd1');
});

test.each([
  ['its own unit', '00:00.2'],
  ['another unit', '40:00.2'],
])('does not translate a unit by %s', (_, address) => {
  const table = ivrs(ivhd({ unit: '00:00.2' }, all), ivhd({ unit: '40:00.2' }, select('40:00.2')));
  const functions = [UNIT, unitFunction('40:00.2')];
  expect(ownerOf(address, { ivrs: table, functions })).toBe('ivrs-own-function');
});

test.each([
  [
    'beyond the last id',
    '09:00.0',
    '0000:09:00.0 lies beyond the IVRS: the last id that it names in segment 0 is 0000:03:00.0.',
  ],
  ['an id that is not named', '02:00.0', 'The IVRS does not name 0000:02:00.0.'],
  ['the unit itself', '00:00.2', '0000:00:00.2 is ivhd0 itself, which it does not translate.'],
])('says why there is no unit for %s', (_, address, text) => {
  expect(whyNone(address, ivrsOf(select('03:00.0')))).toBe(text);
});

test('says of a segment without a unit only that it is not named', () => {
  const built = machine({ ivrs: ivrsOf(all), functions: [UNIT, fn('0001:03:00.0')] });
  expect(bindTo(built).unitOf(deviceAt(built, '0001:03:00.0'))).toMatchObject({
    none: { text: 'The IVRS does not name 0001:03:00.0.' },
  });
});

const OWN_ALIAS = { 'amd-ranges': 'own-alias' };

test('a range owns, from 6.14 to 6.16, the alias of one that was opened and never closed, and then not id 0', () => {
  const table = ivrsOf(aliasStart('02:00.0', '01:00.0'), start('03:00.0'), end('04:00.0'));
  const functions = [UNIT, fn('00:00.0'), fn('01:00.0')];
  const owners = (rules: Readonly<Record<string, string>>) =>
    ['00:00.0', '01:00.0'].map((address) => ownerOf(address, { ivrs: table, functions, rules }));
  expect(owners(OWN_ALIAS)).toEqual(['not-in-ivrs', 'ivhd0']);
  expect(owners({})).toEqual(['not-in-ivrs', 'not-in-ivrs']);
});

test('what names no id that counts ends the table before its first', () => {
  const functions = [UNIT, fn('00:00.1')];
  expect(ownerOf('00:00.1', { ivrs: ivrsOf(special('00:00.1')), functions })).toBe('not-in-ivrs');
});

test.each([
  ['id 0', [start('00:01.0'), end('ff:1f.6')], '00:00.0'],
  [
    'the id that a range before it is seen as',
    [aliasStart('02:00.0', '01:00.0'), end('02:1f.7'), select('01:00.0'), start('03:00.0'), end('04:00.0')],
    '01:00.0',
  ],
  [
    'the id that one before it is seen as',
    [aliasSelect('02:00.0', '01:00.0'), start('03:00.0'), end('04:00.0')],
    '01:00.0',
  ],
])('gives a unit with a range, from 6.14 to 6.16, also %s', (_, entries, address) => {
  const functions = [UNIT, fn(address)];
  expect(ownerOf(address, { ivrs: ivrsOf(...entries), functions, rules: OWN_ALIAS })).toBe('ivhd0');
});

test('gives the id to the unit whose range comes last', () => {
  const table = ivrs(
    ivhd({ unit: '40:00.2' }, start('40:00.3'), end('7f:1f.7')),
    ivhd({ unit: '00:00.2' }, start('00:00.3'), end('3f:1f.7')),
  );
  const functions = [UNIT, unitFunction('40:00.2'), fn('00:00.0')];
  expect(ownerOf('00:00.0', { ivrs: table, functions, rules: OWN_ALIAS })).toBe('ivhd1');
  expect(ownerOf('00:00.0', { ivrs: table, functions })).toBe('not-in-ivrs');
});

const TWO_SEGMENTS = ivrs(
  ivhd({ unit: '00:00.2' }, select('01:00.0')),
  ivhd({ unit: '00:00.2', segment: 1 }, select('02:00.0')),
);
const IN_BOTH = [UNIT, unitFunction('0001:00:00.2'), fn('01:00.0'), fn('0001:01:00.0'), fn('0001:02:00.0')];

test.each([
  ['01:00.0', 'ivhd0'],
  ['0001:01:00.0', 'not-in-ivrs'],
  ['0001:02:00.0', 'ivhd1'],
])('tells segments apart: %s', (address, expected) => {
  expect(ownerOf(address, { ivrs: TWO_SEGMENTS, functions: IN_BOTH })).toBe(expected);
});

test.each([
  ['01:00.0', 'ivhd0'],
  ['0001:01:00.0', 'ivhd0'],
  ['0001:02:00.0', 'ivhd1'],
])('does not tell segments apart before 6.0: %s', (address, expected) => {
  const rules = { 'amd-segments': 'one-table' };
  expect(ownerOf(address, { ivrs: TWO_SEGMENTS, functions: IN_BOTH, rules })).toBe(expected);
});

const idsOf = (address: string, table: Uint8Array): readonly number[] => {
  const built = machine({ ivrs: table, functions: [UNIT, fn(address)] });
  const found = bindTo(built).unitOf(deviceAt(built, address));
  return found && 'unit' in found ? found.ids : [];
};

test.each([
  ['its own', select('03:00.0'), ['03:00.0']],
  ['its own and that of its bus as which it is seen', aliasSelect('03:00.0', '03:01.0'), ['03:00.0', '03:01.0']],
  ['its own and that of another bus', aliasSelect('03:00.0', '00:14.4'), ['03:00.0', '00:14.4']],
])('names the ids of a function: %s', (_, entry, expected) => {
  expect(idsOf('03:00.0', ivrsOf(entry))).toEqual(expected.map(id));
});

const anyId = fc.nat(0x7ff);
const anyEntry: fc.Arbitrary<EntrySketch> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: 'all' as const }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('select' as const), deviceId: anyId }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('select' as const), deviceId: anyId, alias: anyId }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('range' as const), first: anyId, last: anyId }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('range' as const), first: anyId, last: anyId, alias: anyId }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('special' as const),
      deviceId: anyId,
      variety: fc.constantFrom('io-apic' as const, 'hpet' as const),
    }),
  },
);

/** The rule said in the plainest way: walk all entries of all units for one id, and remember who named it last. */
const plainOwner = (units: readonly (readonly EntrySketch[])[], own: readonly number[], wanted: number): string => {
  const ends = units.flat().map((entry) => {
    if (entry.kind === 'all') return 0xffff;
    if (entry.kind === 'range') return entry.last;
    return entry.kind === 'select' ? entry.deviceId : -1;
  });
  if (own.includes(wanted)) return 'ivrs-own-function';
  if (wanted > Math.max(-1, ...ends)) return 'not-in-ivrs';
  let owner = 'not-in-ivrs';
  for (const [at, entries] of units.entries()) {
    for (const entry of entries) {
      const named =
        entry.kind === 'all' ||
        (entry.kind === 'range' && entry.first <= wanted && wanted <= entry.last) ||
        ((entry.kind === 'select' || entry.kind === 'special') && entry.deviceId === wanted) ||
        ('alias' in entry && entry.alias === wanted);
      if (named) owner = `ivhd${at}`;
    }
  }
  return owner;
};

test('agrees with walking the whole table for each id', () => {
  const own = [0x002, 0x402];
  fc.assert(
    fc.property(
      fc.array(anyEntry, { maxLength: 6 }),
      fc.array(anyEntry, { maxLength: 6 }),
      fc.array(anyId, { minLength: 1, maxLength: 8 }),
      (first, second, wanted) => {
        const table = writeIvrs({
          units: [first, second].map((entries, at) => ({ type: 0x10, deviceId: own[at] as number, entries })),
        });
        const name = (rid: number) =>
          `${(rid >> 8).toString(16).padStart(2, '0')}:${((rid >> 3) & 31).toString(16).padStart(2, '0')}.${rid & 7}`;
        const functions = [...new Set([...own, ...wanted])].map((rid) =>
          own.includes(rid) ? unitFunction(name(rid)) : fn(name(rid)),
        );
        for (const rid of wanted)
          expect(ownerOf(name(rid), { ivrs: table, functions })).toBe(plainOwner([first, second], own, rid));
      },
    ),
  );
});
