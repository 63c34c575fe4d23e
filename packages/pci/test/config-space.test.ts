import { expect, test } from 'vitest';
import { ConfigSpace } from '../src/index.js';

const BYTES = Uint8Array.from([0x86, 0x80, 0xc0, 0x29, 0xff]);

test('reads little-endian', () => {
  const config = new ConfigSpace(BYTES);
  expect([config.u8(1), config.u16(2), config.u32(0)]).toEqual([0x80, 0x29c0, 0x29c08086]);
});

test('reads a double word with its highest bit as a positive number', () => {
  expect(new ConfigSpace(BYTES).u32(1)).toBe(0xff29c080);
});

test('has no byte past its end', () => {
  expect(new ConfigSpace(BYTES).u8(5)).toBeUndefined();
});

test('has no word of which only the first byte was read', () => {
  expect(new ConfigSpace(BYTES).u16(4)).toBeUndefined();
});

test('has no double word of which only three bytes were read', () => {
  expect(new ConfigSpace(BYTES).u32(2)).toBeUndefined();
});

test('reads a part of a larger buffer from its own start', () => {
  expect(new ConfigSpace(BYTES.subarray(2)).u16(0)).toBe(0x29c0);
});

test('copies nothing', () => {
  const bytes = Uint8Array.from([1, 2]);
  const config = new ConfigSpace(bytes);
  bytes[0] = 9;
  expect(config.u8(0)).toBe(9);
});

test('tells how much was read apart from how much there is', () => {
  const { length, size } = new ConfigSpace(new Uint8Array(64), 4096);
  expect({ length, size }).toEqual({ length: 64, size: 4096 });
});

test('does not know how much there is when nobody said', () => {
  expect(new ConfigSpace(new Uint8Array(256)).size).toBeUndefined();
});
