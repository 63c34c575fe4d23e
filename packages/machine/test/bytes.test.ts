import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import { toBase64, toBytes } from '../src/bytes.js';

test('takes bytes as they are', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(toBytes(bytes, 'x')).toBe(bytes);
});

test.each([
  ['', []],
  ['AQID', [1, 2, 3]],
  ['/+8=', [0xff, 0xef]],
])('reads base64 %j', (text, bytes) => {
  expect([...toBytes(text, 'x')]).toEqual(bytes);
});

test.each(['A', 'AQI', '*', 'AQ ID'])('refuses %j, and names the place', (text) => {
  let error: unknown;
  try {
    toBytes(text, '0000:00:01.0.config');
  } catch (thrown) {
    error = thrown;
  }
  expect(isIommuError(error, 'ERR_MACHINE') && error.message).toBe('0000:00:01.0.config: not base64');
});

test('writes base64, of bytes and of base64', () => {
  expect([toBase64(Uint8Array.of(1, 2, 3)), toBase64('AQID')]).toEqual(['AQID', 'AQID']);
});
