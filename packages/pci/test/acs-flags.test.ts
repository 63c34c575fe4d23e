import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AcsFlag, formatAcsFlags, parseAcsFlags, REQUIRED_ACS_FLAGS } from '../src/index.js';

test('has each flag at its bit', () => {
  expect(AcsFlag).toEqual({ SV: 0x01, TB: 0x02, RR: 0x04, CR: 0x08, UF: 0x10, EC: 0x20, DT: 0x40 });
});

test('requires source validation, both redirects and upstream forwarding', () => {
  expect(formatAcsFlags(REQUIRED_ACS_FLAGS)).toBe('SV RR CR UF');
});

test('writes no flags as the empty text', () => {
  expect(formatAcsFlags(0)).toBe('');
});

test('reads flags in any order with any blanks', () => {
  expect(parseAcsFlags('  UF\tSV  RR ')).toBe(0x15);
});

test('takes a word that is no flag for nothing', () => {
  expect(parseAcsFlags('SV sv XX toString')).toBe(0x01);
});

test('reads back all flags that it writes', () => {
  fc.assert(
    fc.property(fc.nat(0x7f), (bits) => {
      expect(parseAcsFlags(formatAcsFlags(bits))).toBe(bits);
    }),
  );
});
