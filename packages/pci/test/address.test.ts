import { isIommuError } from '@iommu/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addressKey,
  busOf,
  formatBus,
  formatPciAddress,
  functionOf,
  parsePciAddress,
  slotOf,
  tryParsePciAddress,
} from '../src/index.js';

const anyAddress = fc.record({ segment: fc.integer({ min: 0, max: 0xffffffff }), rid: fc.nat(0xffff) });

test('reads segment, bus, device and function as hexadecimal', () => {
  expect(parsePciAddress('1002:a3:1f.7')).toEqual({ segment: 0x1002, rid: 0xa3ff });
});

test('takes segment 0 when none is written', () => {
  expect(parsePciAddress('03:02.1')).toEqual({ segment: 0, rid: 0x0311 });
});

test('reads a segment above 0xffff', () => {
  expect(parsePciAddress('10000:e1:00.0')).toEqual({ segment: 0x10000, rid: 0xe100 });
});

test('reads the highest segment', () => {
  expect(parsePciAddress('ffffffff:ff:1f.7')).toEqual({ segment: 0xffffffff, rid: 0xffff });
});

test('reads capitals', () => {
  expect(parsePciAddress('00AB:CD:1E.0')).toEqual({ segment: 0xab, rid: 0xcdf0 });
});

test.each([
  ['nothing', ''],
  ['a device number above 31', '00:20.0'],
  ['a function number above 7', '00:00.8'],
  ['no function', '0000:00:00'],
  ['a segment of nine digits', '100000000:00:00.0'],
  ['a bus of three digits', '0000:100:00.0'],
  ['a letter that is no digit', '0g:00.0'],
  ['a blank before it', ' 00:00.0'],
  ['a newline after it', '00:00.0\n'],
  ['a path of two', '00:01.0/01:00.0'],
  ['a sign', '-1:00.0'],
  ['an empty segment', ':00:00.0'],
])('finds no address in %s', (_, text) => {
  expect(tryParsePciAddress(text)).toBeUndefined();
});

test('throws ERR_PCI_ADDRESS for what is no address', () => {
  expect(() => parsePciAddress('00:20.0')).toThrow(
    expect.toSatisfy((error) => isIommuError(error, 'ERR_PCI_ADDRESS') && error.message.includes("'00:20.0'")),
  );
});

test('writes the segment with at least four digits', () => {
  expect(formatPciAddress({ segment: 1, rid: 0x00fb })).toBe('0001:00:1f.3');
});

test('writes a segment above 0xffff with all its digits', () => {
  expect(formatPciAddress({ segment: 0x10000, rid: 0xe100 })).toBe('10000:e1:00.0');
});

test('writes a bus as sysfs does', () => {
  expect(formatBus(0, 0x0a)).toBe('0000:0a');
});

test('reads back every address that it writes', () => {
  fc.assert(
    fc.property(anyAddress, (address) => {
      expect(tryParsePciAddress(formatPciAddress(address))).toEqual(address);
    }),
  );
});

test('never throws on any text', () => {
  fc.assert(fc.property(fc.string(), (text) => tryParsePciAddress(text) === undefined || text.includes('.')));
});

test('parts a requester id into bus, device and function', () => {
  fc.assert(
    fc.property(fc.nat(255), fc.nat(31), fc.nat(7), (bus, slot, fn) => {
      const rid = (bus << 8) | (slot << 3) | fn;
      expect([busOf(rid), slotOf(rid), functionOf(rid)]).toEqual([bus, slot, fn]);
    }),
  );
});

test('gives different addresses different keys, in every segment', () => {
  const segments = [0, 1, 0xffff, 0x10000, 0x10001, 0xfffffffe, 0xffffffff];
  const keys = segments.flatMap((segment) => [0, 1, 0xffff].map((rid) => addressKey(segment, rid)));
  expect(new Set(keys).size).toBe(segments.length * 3);
});
