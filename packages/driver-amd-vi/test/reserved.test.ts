import fc from 'fast-check';
import { expect, test } from 'vitest';
import { all, type IvmdSketch, ivhd, ivmd, ivrs, ivrsWith, select } from './support/ivrs.js';
import { bindTo, deviceAt, fn, type MachineSketch, machine, UNIT, unitFunction } from './support/platform.js';

const MSI = '0xfee00000-0xfeefffff msi';
const HT = '0xfd00000000-0xffffffffff reserved';

const regionsOf = (address: string, sketch: MachineSketch): string[] => {
  const built = machine({ functions: [UNIT, fn(address)], ...sketch });
  const regions = bindTo(built).reservedRegions(deviceAt(built, address));
  return regions.map(({ start, end, type }) => `0x${start.toString(16)}-0x${end.toString(16)} ${type}`);
};

/** The regions of a function beside the two that all have. */
const mapped = (address: string, ...memory: IvmdSketch[]): string[] =>
  regionsOf(address, { ivrs: ivrs(ivhd({}, all), ...memory.map(ivmd)) }).slice(0, -2);

const PAGES = { start: 0x7e000000n, length: 0x2000n };

test('reserves the interrupt window and the addresses of HyperTransport for every function', () => {
  expect(regionsOf('00:03.0', { ivrs: ivrs(ivhd({}, all)) })).toEqual([MSI, HT]);
});

test.each<[string, IvmdSketch]>([
  ['all', PAGES],
  ['its id', { type: 0x21, first: '00:03.0', ...PAGES }],
  ['a range that starts with it', { type: 0x22, first: '00:03.0', last: '00:04.0', ...PAGES }],
  ['a range that ends with it', { type: 0x22, first: '00:02.0', last: '00:03.0', ...PAGES }],
])('maps memory for %s', (_, memory) => {
  expect(mapped('00:03.0', memory)).toEqual(['0x7e000000-0x7e001fff direct']);
});

test.each<[string, IvmdSketch]>([
  ['another id', { type: 0x21, first: '00:04.0', ...PAGES }],
  ['a range after it', { type: 0x22, first: '00:03.1', last: '00:04.0', ...PAGES }],
  ['a range before it', { type: 0x22, first: '00:02.0', last: '00:02.7', ...PAGES }],
  ['all of another segment', { segment: 1, ...PAGES }],
  ['neither mapping nor exclusion', { flags: 6, ...PAGES }],
])('does not map memory for %s', (_, memory) => {
  expect(mapped('00:03.0', memory)).toEqual([]);
});

test('maps memory to be left untranslated too', () => {
  expect(mapped('00:03.0', { flags: 8, ...PAGES })).toEqual(['0x7e000000-0x7e001fff direct']);
});

test.each([
  ['whole pages as they are', 0x1000n, 0x1000n, '0x1000-0x1fff direct'],
  ['a start within a page up to the next', 0x1001n, 0x1000n, '0x2000-0x2fff direct'],
  ['a length within a page up to the next', 0x1000n, 0x1001n, '0x1000-0x2fff direct'],
  ['one byte as a page', 0x1000n, 1n, '0x1000-0x1fff direct'],
  [
    'what ends at the top of the address space',
    2n ** 64n - 0x1000n,
    0x1000n,
    '0xfffffffffffff000-0xffffffffffffffff direct',
  ],
  ['what passes the top from the bottom on', 2n ** 64n - 1n, 0x1000n, '0x0-0xfff direct'],
])('takes %s', (_, start, length, expected) => {
  expect(mapped('00:03.0', { start, length })).toEqual([expected]);
});

test('keeps the order of the table', () => {
  expect(mapped('00:03.0', { start: 0x5000n, length: 1n }, { start: 0x1000n, length: 1n })).toEqual([
    '0x5000-0x5fff direct',
    '0x1000-0x1fff direct',
  ]);
});

test('maps memory for all ids up to the last that is named', () => {
  const table = ivrs(ivhd({}, select('00:03.0')), ivmd(PAGES));
  expect(regionsOf('00:03.0', { ivrs: table })).toHaveLength(3);
  expect(regionsOf('00:04.0', { ivrs: table })).toHaveLength(2);
});

const TWO_SEGMENTS = ivrs(ivhd({}, all), ivhd({ segment: 1 }, all), ivmd({ segment: 1, ...PAGES }));
const IN_BOTH = [UNIT, unitFunction('0001:00:00.2'), fn('00:03.0'), fn('0001:00:03.0')];

test.each([
  ['00:03.0', undefined, 2],
  ['0001:00:03.0', undefined, 3],
  ['00:03.0', 'one-table', 3],
])('maps memory of segment 1 for %s under the rule %s: %i regions', (address, rule, count) => {
  const rules = rule === undefined ? {} : { 'amd-segments': rule };
  expect(regionsOf(address, { ivrs: TWO_SEGMENTS, functions: IN_BOTH, rules })).toHaveLength(count);
});

const ignoring = (...second: bigint[]) =>
  ivrsWith(1, ...second.map((efr2, at) => ivhd({ type: 0x11, unit: `${at}0:00.2`, efr: 1n, efr2 }, all)));

test('does not reserve the addresses of HyperTransport when the units translate them', () => {
  expect(regionsOf('00:03.0', { ivrs: ignoring(0x800n) })).toEqual([MSI]);
});

test('reserves them when one unit does not translate them', () => {
  const functions = [UNIT, unitFunction('10:00.2'), fn('00:03.0')];
  expect(regionsOf('00:03.0', { ivrs: ignoring(0x800n, 0n), functions })).toEqual([MSI, HT]);
});

test('reserves them before 6.16 in any case', () => {
  expect(regionsOf('00:03.0', { ivrs: ignoring(0x800n), rules: { 'amd-hypertransport': 'reserved' } })).toEqual([
    MSI,
    HT,
  ]);
});

test('gives whole pages of at least the length, for any start and length that do not pass the top', () => {
  const small = fc.bigInt({ min: 0n, max: 2n ** 48n });
  fc.assert(
    fc.property(small, fc.bigInt({ min: 1n, max: 2n ** 40n }), (start, length) => {
      const [line = ''] = mapped('00:03.0', { start, length });
      const [first, last] = (line.split(' ')[0] ?? '').split('-').map(BigInt) as [bigint, bigint];
      expect(first % 0x1000n).toBe(0n);
      expect((last + 1n) % 0x1000n).toBe(0n);
      expect(first - start).toBeGreaterThanOrEqual(0n);
      expect(first - start).toBeLessThan(0x1000n);
      expect(last + 1n - first - length).toBeGreaterThanOrEqual(0n);
      expect(last + 1n - first - length).toBeLessThan(0x1000n);
    }),
  );
});
