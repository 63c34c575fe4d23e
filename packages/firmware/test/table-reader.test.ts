import { isIommuError } from '@iommu/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TableReader } from '../src/index.js';

const BYTES = Uint8Array.from([0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xf8]);
const reader = new TableReader('DMAR', BYTES);

const error = (code: string, ...parts: string[]) =>
  expect.toSatisfy((thrown) => isIommuError(thrown, code) && parts.every((part) => thrown.message.includes(part)));

test('reads little-endian', () => {
  expect([reader.u8(0), reader.u16(1), reader.u32(2), reader.u64(0)]).toEqual([
    0x01,
    0x0302,
    0x06050403,
    0xf807060504030201n,
  ]);
});

test('reads a double word with its highest bit as a positive number', () => {
  expect(reader.u32(4)).toBe(0xf8070605);
});

test.each([
  ['u8', 1],
  ['u16', 2],
  ['u32', 4],
  ['u64', 8],
] as const)('reads with %s up to the last byte and not past it', (method, size) => {
  expect(() => reader[method](8 - size)).not.toThrow();
  expect(() => reader[method](8 - size + 1)).toThrow(error('ERR_TABLE_TRUNCATED'));
});

test('never reads before its start', () => {
  expect(() => reader.u8(-1)).toThrow(error('ERR_TABLE_TRUNCATED'));
});

test('says where it could not read, what was needed and what is left', () => {
  expect(() => reader.u32(6, 'the base')).toThrow(
    error('ERR_TABLE_TRUNCATED', 'DMAR+0x6: the base needs 4 bytes, 2 are left'),
  );
});

test('says that nothing is left far past the end', () => {
  expect(() => reader.u8(100)).toThrow(error('ERR_TABLE_TRUNCATED', 'DMAR+0x64', '0 are left'));
});

describe('a part', () => {
  const part = reader.slice(2, 4);

  test('has offsets of its own', () => {
    expect(part.u16(0)).toBe(0x0403);
  });

  test('ends at its own end', () => {
    expect(() => part.u8(4)).toThrow(error('ERR_TABLE_TRUNCATED'));
  });

  test('names places by their offset from the table’s start', () => {
    expect(part.at(3)).toBe('DMAR+0x5');
  });

  test('of a part keeps naming places so', () => {
    expect(part.slice(1, 2).at(1)).toBe('DMAR+0x4');
  });

  test('knows where it starts and how long it is', () => {
    expect([part.base, part.length]).toEqual([2, 4]);
  });

  test('copies nothing', () => {
    const bytes = new Uint8Array(4);
    const view = new TableReader('IVRS', bytes).slice(2, 2);
    bytes[3] = 7;
    expect(view.u8(1)).toBe(7);
  });

  test('cannot be longer than what it is cut from', () => {
    expect(() => reader.slice(6, 3, 'a device scope')).toThrow(error('ERR_TABLE_TRUNCATED', 'a device scope'));
  });

  test('cannot have a negative length', () => {
    expect(() => reader.slice(2, -1)).toThrow(error('ERR_TABLE_TRUNCATED'));
  });
});

describe('text', () => {
  const text = (...codes: number[]) => new TableReader('DMAR', Uint8Array.from(codes));

  test('ends at a zero byte', () => {
    expect(text(0x41, 0x42, 0x00, 0x43).ascii(0, 4)).toBe('AB');
  });

  test('ends at its length', () => {
    expect(text(0x41, 0x42, 0x43).ascii(0, 2)).toBe('AB');
  });

  test('shows what is not printable as question marks', () => {
    expect(text(0x1f, 0x20, 0x7e, 0x7f, 0xc3).ascii(0, 5)).toBe('? ~??');
  });

  test('cannot be longer than the table', () => {
    expect(() => text(0x41).ascii(0, 2)).toThrow(error('ERR_TABLE_TRUNCATED'));
  });
});

test('makes errors that name the table and the offset from its start', () => {
  const made = reader.slice(4, 4).error(2, 'length 8, expected at least 16');
  expect([made.code, made.message]).toEqual(['ERR_TABLE_FIELD', 'DMAR+0x6: length 8, expected at least 16']);
});

test('makes errors of another code when asked', () => {
  expect(isIommuError(reader.error(0, 'no', 'ERR_TABLE_SIGNATURE'), 'ERR_TABLE_SIGNATURE')).toBe(true);
});

test('reads what a view on the same bytes reads, or throws that it cannot', () => {
  const sizes = { u8: 1, u16: 2, u32: 4, u64: 8 } as const;
  const methods = Object.keys(sizes) as (keyof typeof sizes)[];
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(...methods),
      fc.integer({ min: -2, max: 45 }),
      (bytes, method, at) => {
        const view = new TableReader('X', bytes);
        const there = at >= 0 && at + sizes[method] <= bytes.length;
        if (!there) expect(() => view[method](at)).toThrow(error('ERR_TABLE_TRUNCATED', 'X+'));
        else {
          const expected = [...bytes.subarray(at, at + sizes[method])].reduceRight(
            (sum, byte) => sum * 256n + BigInt(byte),
            0n,
          );
          expect(BigInt(view[method](at))).toBe(expected);
        }
      },
    ),
  );
});
