import { expect, test, vi } from 'vitest';
import { parseIvrs, usedIvhds } from '../src/index.js';
import {
  acpiHid,
  aliasSelect,
  aliasStart,
  all,
  block,
  end,
  extSelect,
  extStart,
  id,
  ivhd,
  ivmd,
  ivrs,
  ivrsOf,
  ivrsWith,
  pad4,
  pad8,
  select,
  special,
  start,
} from './support/ivrs.js';

const entriesOf = (...entries: number[][]) =>
  parseIvrs(ivrsOf(...entries)).ivhds[0]?.entries.map(({ offset: _, ...entry }) => entry);

const typesUsed = (...blocks: number[][]): number[] => usedIvhds(parseIvrs(ivrs(...blocks))).map(({ type }) => type);

test('reads a unit of the first format', () => {
  expect(parseIvrs(ivrs(ivhd({ unit: '40:00.2', segment: 3, capability: 0x64 }, select('40:01.0')))).ivhds).toEqual([
    {
      offset: 48,
      type: 0x10,
      flags: 0,
      deviceId: id('40:00.2'),
      capabilityOffset: 0x64,
      base: 0xfeb80000n,
      segment: 3,
      efr: undefined,
      efr2: undefined,
      entries: [{ kind: 'select', offset: 72, deviceId: id('40:01.0') }],
    },
  ]);
});

test.each([0x11, 0x40])('reads the images of feature registers of a unit of type %i', (type) => {
  const [unit] = parseIvrs(ivrs(ivhd({ type, efr: 0x206d73ef22254aden, efr2: 0x10n }, select('00:01.0')))).ivhds;
  expect(unit).toMatchObject({ type, efr: 0x206d73ef22254aden, efr2: 0x10n });
  expect(unit?.entries).toEqual([{ kind: 'select', offset: 88, deviceId: 8 }]);
});

test.each([
  ['nothing of a pad', pad4, []],
  ['nothing of a long pad', pad8, []],
  ['all ids', all, [{ kind: 'all' }]],
  ['one id', select('03:01.2'), [{ kind: 'select', deviceId: id('03:01.2') }]],
  ['the start of a range', start('00:01.0'), [{ kind: 'range-start', deviceId: 8 }]],
  ['the end of a range', end('ff:1f.6'), [{ kind: 'range-end', deviceId: 0xfffe }]],
  ['an id seen as another', aliasSelect('05:00.0', '04:00.0'), [{ kind: 'select', deviceId: 0x500, alias: 0x400 }]],
  [
    'a range seen as one id',
    aliasStart('ff:00.0', '00:14.4'),
    [{ kind: 'range-start', deviceId: 0xff00, alias: 0xa4 }],
  ],
  ['one id with more settings', extSelect('00:01.0'), [{ kind: 'select', deviceId: 8 }]],
  ['the start of a range with more settings', extStart('00:01.0'), [{ kind: 'range-start', deviceId: 8 }]],
  ['a special device', special('00:14.0', 2), [{ kind: 'special', deviceId: 0xa0, variety: 2 }]],
  ['nothing of an unknown type', [0x05, 0, 0, 0], []],
])('reads %s', (_, bytes, expected) => {
  expect(entriesOf(bytes)).toEqual(expected);
});

test.each([
  ['without a unique id', {}, undefined],
  ['with text', { uid: '\\_SB.FUR0' }, '\\_SB.FUR0'],
  ['with text that ends early', { uid: 'A\0B' }, 'A'],
  ['with empty text', { uid: '', format: 2 }, undefined],
  ['with a number, of which the lowest byte counts', { uid: [3, 1, 0, 0, 0, 0, 0, 0] }, '3'],
  ['with a format that is not known', { uid: 'X', format: 3 }, undefined],
])('reads a device of ACPI %s', (_, sketch, uid) => {
  expect(entriesOf(acpiHid('00:14.5', sketch))).toEqual([{ kind: 'acpi-hid', deviceId: 0xa5, hid: 'AMDI0020', uid }]);
});

test('passes over a device of ACPI without a hardware id', () => {
  expect(entriesOf(acpiHid('00:14.5', { hid: '' }), select('00:01.0'))).toEqual([{ kind: 'select', deviceId: 8 }]);
});

test.each([0x10, 0x11])('passes over devices of ACPI in a block of type %i', (type) => {
  const [unit] = parseIvrs(ivrs(ivhd({ type }, acpiHid('00:14.5'), select('00:01.0')))).ivhds;
  expect(unit?.entries.map(({ kind }) => kind)).toEqual(['select']);
});

test.each([
  ['all', 0x20, undefined],
  ['one', 0x21, { first: id('00:04.0'), last: id('00:04.0') }],
  ['a range', 0x22, { first: id('00:04.0'), last: id('01:00.0') }],
])('reads memory for %s of the ids', (_, type, devices) => {
  const bytes = ivmd({ type, first: '00:04.0', last: '01:00.0', segment: 2, start: 0x7e000000n, length: 0x10000n });
  expect(parseIvrs(ivrs(bytes)).ivmds).toEqual([
    { offset: 48, segment: 2, devices, start: 0x7e000000n, length: 0x10000n, unity: true, exclusion: false },
  ]);
});

test.each([
  [0, false, false],
  [6, false, false],
  [7, true, false],
  [8, false, true],
])('reads of memory flags %i whether it is mapped or excluded', (flags, unity, exclusion) => {
  expect(parseIvrs(ivrs(ivmd({ flags, start: 0n, length: 0n }))).ivmds).toMatchObject([{ unity, exclusion }]);
});

test('reads IVinfo', () => {
  expect(parseIvrs(ivrsWith(0x203041)).ivInfo).toBe(0x203041);
});

test('takes the newest format of the first unit, and those blocks of other units', () => {
  const table = [
    ivhd({ type: 0x10, unit: '00:00.2' }),
    ivhd({ type: 0x10, unit: '40:00.2' }),
    ivhd({ type: 0x11, unit: '00:00.2' }),
    ivhd({ type: 0x11, unit: '40:00.2' }),
    ivhd({ type: 0x40, unit: '40:00.2' }),
  ];
  expect(typesUsed(...table)).toEqual([0x11, 0x11]);
});

test('takes the newest format that Linux knows', () => {
  expect(typesUsed(ivhd({ type: 0x10 }), ivhd({ type: 0x40 }))).toEqual([0x40]);
});

test('takes the last format of the first unit, be it older', () => {
  expect(typesUsed(ivhd({ type: 0x11 }), ivhd({ type: 0x10 }))).toEqual([0x10]);
});

test('looks for formats up to the first block of a newer kind', () => {
  expect(typesUsed(ivhd({ type: 0x10 }), block(0x41, [2, 0]), ivhd({ type: 0x11 }))).toEqual([0x10]);
});

test('uses no block when the first is of a newer kind, as Linux does', () => {
  expect(typesUsed(block(0x41, [2, 0]), ivhd({ type: 0x10 }))).toEqual([]);
});

test('is led astray by memory for the unit itself, as Linux is', () => {
  expect(typesUsed(ivhd({ type: 0x10 }), ivmd({ type: 0x21, first: '00:00.2', start: 0n, length: 0n }))).toEqual([]);
});

test('is led astray by a block of an unknown type that ends with the id of the unit, as Linux is', () => {
  expect(typesUsed(ivhd({ type: 0x10 }), block(0x30, [2, 0]))).toEqual([]);
});

test('has no format for a table without blocks', () => {
  expect(parseIvrs(ivrs())).toMatchObject({ ivhdType: undefined, ivhds: [], ivmds: [] });
});

test('reports a block that Linux does not know, and reads on', () => {
  const report = vi.fn();
  const table = parseIvrs(ivrs(block(0x30, [0, 0]), ivhd({})), report);
  expect(report.mock.calls).toEqual([
    [
      {
        severity: 'firmware-bug',
        code: 'ivrs-unknown-type',
        message: 'IVRS+0x30: unknown block type 0x30 skipped',
        at: { table: 'IVRS', offset: 48 },
      },
    ],
  ]);
  expect(table.ivhds).toHaveLength(1);
});

test('reads a block that is nothing but its head', () => {
  const report = vi.fn();
  parseIvrs(ivrs(ivhd({}), block(0x30, [])), report);
  expect(report).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ at: { table: 'IVRS', offset: 72 } }));
});

test('tells a wrong checksum', () => {
  const bytes = ivrs(ivhd({}));
  bytes[9] = (bytes[9] as number) ^ 1;
  expect(parseIvrs(bytes).checksumOk).toBe(false);
});

test.each([
  ['a block of no length', ivrs(block(0x10, [], 0))],
  ['a block shorter than its head', ivrs(block(0x11, [0, 0, 0, 0]))],
  ['a block past the end', ivrs(ivhd({ length: 0x200 }))],
  ['memory shorter than its structure', ivrs(block(0x20, [0, 0, 0, 0]))],
  ['an entry past the end of its block', ivrs(ivhd({}, [0x42, 0, 0, 0]))],
  ['an entry whose length cannot be known', ivrs(ivhd({}, [0x80, 0, 0, 0]))],
  ['a device of ACPI that is cut', ivrs(ivhd({ type: 0x40 }, [0xf0, 0, 0, 0]))],
  ['a unique id past the end', ivrs(ivhd({ type: 0x40 }, acpiHid('00:14.5', { length: 9 })))],
  ['a table that ends within a head', ivrs([0x10, 0])],
])('refuses %s', (_, bytes) => {
  expect(() => parseIvrs(bytes)).toThrow(expect.objectContaining({ code: 'ERR_TABLE_FIELD' }));
});

test.each([
  ['shorter than its head', ivrs(block(0x30, [], 3)), 'block of 3 bytes, expected at least 4'],
  ['past the end', ivrs(block(0x30, [], 5)), 'block of 5 bytes passes the end of the table at 52'],
])('says where the length of a block stands that is %s', (_, bytes, message) => {
  expect(() => parseIvrs(bytes)).toThrow(`IVRS+0x32: ${message}`);
});
