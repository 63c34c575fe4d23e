import { describe, expect, test } from 'vitest';
import { parseBoolean, parseUnsigned } from '../../src/tree/kernel-numbers.js';

describe('a number', () => {
  test.each([
    ['0', 0],
    ['1\n', 1],
    ['+7', 7],
    ['010', 8],
    ['0x10', 16],
    ['0XfF\n', 255],
  ])('is read from %j', (text, value) => {
    expect(parseUnsigned(text)).toBe(value);
  });

  test.each(['', '\n', '-1', ' 1', '1 ', '1\n\n', '08', '0x', 'one', '1.5'])('is not in %j: EINVAL', (text) => {
    expect(() => parseUnsigned(text)).toThrow(expect.objectContaining({ errno: 'EINVAL' }));
  });

  test('is refused with EINVAL when it is too large', () => {
    expect(parseUnsigned('65535', 0xffffn)).toBe(0xffff);
    expect(() => parseUnsigned('65536', 0xffffn)).toThrow(expect.objectContaining({ errno: 'EINVAL' }));
    expect(() => parseUnsigned('18446744073709551616')).toThrow(expect.objectContaining({ errno: 'EINVAL' }));
  });
});

describe('yes or no', () => {
  test.each(['1', 'y', 'Yes\n', 'true', 'on', 'ON'])('%j is yes', (text) => {
    expect(parseBoolean(text)).toBe(true);
  });

  test.each(['0', 'n', 'No\n', 'false', 'off', 'OF'])('%j is no', (text) => {
    expect(parseBoolean(text)).toBe(false);
  });

  test.each(['', '2', 'o', 'x'])('%j is neither: EINVAL', (text) => {
    expect(() => parseBoolean(text)).toThrow(expect.objectContaining({ errno: 'EINVAL' }));
  });
});
