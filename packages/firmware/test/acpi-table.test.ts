import { isIommuError } from '@iommu/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../../tests/support/sweep.js';
import { ACPI_HEADER_LENGTH, openAcpiTable, sealAcpiTable } from '../src/index.js';

/** A table of the signature with so many bytes after its header, its length and checksum right. */
const tableOf = (signature = 'DMAR', body: readonly number[] = [1, 2, 3]): Uint8Array => {
  const bytes = new Uint8Array(ACPI_HEADER_LENGTH + body.length);
  bytes.set([...signature].map((letter) => letter.charCodeAt(0)));
  bytes[8] = 2;
  bytes.set(body, ACPI_HEADER_LENGTH);
  return sealAcpiTable(bytes);
};

const withLength = (length: number): Uint8Array => {
  const bytes = tableOf();
  new DataView(bytes.buffer).setUint32(4, length, true);
  return bytes;
};

const error = (code: string, ...parts: string[]) =>
  expect.toSatisfy((thrown) => isIommuError(thrown, code) && parts.every((part) => thrown.message.includes(part)));

test('has a header of 36 bytes', () => {
  expect(ACPI_HEADER_LENGTH).toBe(36);
});

test('reads signature and revision', () => {
  expect(openAcpiTable(tableOf(), 'DMAR')).toMatchObject({ signature: 'DMAR', revision: 2 });
});

test('covers the whole table, header included', () => {
  const { reader } = openAcpiTable(tableOf(), 'DMAR');
  expect([reader.length, reader.u8(36), reader.at(36)]).toEqual([39, 1, 'DMAR+0x24']);
});

test('leaves bytes past the length alone', () => {
  const { reader, checksumOk } = openAcpiTable(Uint8Array.from([...tableOf(), 9, 9]), 'DMAR');
  expect([reader.length, checksumOk]).toEqual([39, true]);
});

test('reads a table that is a part of a larger buffer', () => {
  const buffer = Uint8Array.from([7, 7, 7, ...tableOf()]);
  expect(openAcpiTable(buffer.subarray(3), 'DMAR').checksumOk).toBe(true);
});

test('reads a table of nothing but its header', () => {
  expect(openAcpiTable(tableOf('IVRS', []), 'IVRS').reader.length).toBe(36);
});

test('finds a right checksum right', () => {
  expect(openAcpiTable(tableOf(), 'DMAR').checksumOk).toBe(true);
});

test('finds the checksum wrong when any one byte changed', () => {
  const bytes = tableOf();
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      fc.pre(at > 7); // signature and length have errors of their own
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] as number) ^ change;
      expect(openAcpiTable(changed, 'DMAR').checksumOk).toBe(false);
    }),
  );
});

test('refuses another table, naming both', () => {
  expect(() => openAcpiTable(tableOf('IVRS'), 'DMAR')).toThrow(
    error('ERR_TABLE_SIGNATURE', 'DMAR+0x0', "'IVRS'", "'DMAR'"),
  );
});

test('refuses fewer bytes than a header has', () => {
  expect(() => openAcpiTable(tableOf().subarray(0, 35), 'DMAR')).toThrow(
    error('ERR_TABLE_TRUNCATED', 'DMAR+0x0: an ACPI table header needs 36 bytes, 35 are left'),
  );
});

test('refuses a table of which the last byte is missing', () => {
  expect(() => openAcpiTable(tableOf().subarray(0, 38), 'DMAR')).toThrow(
    error('ERR_TABLE_TRUNCATED', 'the table needs 39 bytes, 38 are left'),
  );
});

test.each([0, 35])('refuses a length below that of a header (%i)', (length) => {
  expect(() => openAcpiTable(withLength(length), 'DMAR')).toThrow(
    error('ERR_TABLE_FIELD', 'DMAR+0x4', `table length ${length}`),
  );
});

test('refuses a length of all ones', () => {
  expect(() => openAcpiTable(withLength(0xffffffff), 'DMAR')).toThrow(error('ERR_TABLE_TRUNCATED'));
});

test('seals a table in place', () => {
  const bytes = tableOf();
  expect(sealAcpiTable(bytes)).toBe(bytes);
});

test('seals any bytes so that they open', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: ACPI_HEADER_LENGTH, maxLength: 300, size: 'max' }), (bytes) => {
      bytes.set([0x44, 0x4d, 0x41, 0x52]);
      expect(openAcpiTable(sealAcpiTable(bytes), 'DMAR')).toMatchObject({ checksumOk: true });
    }),
  );
});

test('throws nothing but errors of tables, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60, size: 'max' }), fc.boolean(), (bytes, signed) => {
      if (signed && bytes.length >= 4) bytes.set([0x44, 0x4d, 0x41, 0x52]);
      try {
        expect(openAcpiTable(bytes, 'DMAR').reader.length).toBeLessThanOrEqual(bytes.length);
      } catch (thrown) {
        expect(isIommuError(thrown) && thrown.code).toMatch(/^ERR_TABLE_(TRUNCATED|SIGNATURE|FIELD)$/);
      }
    }),
    { numRuns: runs(5_000, 500) },
  );
});
