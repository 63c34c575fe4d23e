import { isIommuError } from '@iommu/core';
import { parseIvrs } from '@iommu/driver-amd-vi';
import { sealAcpiTable } from '@iommu/firmware';
import { expect, test } from 'vitest';
import { archives, readRecordings } from '../support/recordings.js';

const categories = ['amdvi', 'rules', 'pairs'];
const recordings = (await Promise.all(categories.flatMap(archives).map(readRecordings))).flat();

/** Every table once, by its bytes. */
const tables = new Map<string, readonly [string, Uint8Array]>();
for (const { name, tree } of recordings) {
  const bytes = tree.read('acpi/IVRS');
  if (bytes && !tables.has(String(bytes))) tables.set(String(bytes), [name, bytes]);
}
const distinct = [...tables.values()];

/** `read`, or the code of an IommuError; anything else thrown fails the test. */
const outcome = (bytes: Uint8Array): string => {
  try {
    parseIvrs(bytes);
    return 'read';
  } catch (error) {
    if (!isIommuError(error)) throw error;
    return error.code;
  }
};

/** Offsets of the lengths of blocks, each of two bytes. */
const lengthFields = (bytes: Uint8Array): number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const fields: number[] = [];
  for (let at = 48; at < bytes.length; at += view.getUint16(at + 2, true)) fields.push(at + 2);
  return fields;
};

test('there are as many tables as were recorded', () => {
  expect(distinct.length).toBeGreaterThanOrEqual(20);
});

test.each(distinct)('reads the table of %s', (_, bytes) => {
  expect(outcome(bytes)).toBe('read');
});

test.each(distinct)('knows at every byte that the rest of the table of %s is missing', (_, bytes) => {
  for (let length = 0; length < bytes.length; length++)
    expect(outcome(bytes.subarray(0, length))).toBe('ERR_TABLE_TRUNCATED');
});

test.each(distinct)('reads, or refuses with a code, the table of %s made to end at any byte', (_, bytes) => {
  for (let length = 48; length < bytes.length; length++) {
    const cut = sealAcpiTable(Uint8Array.from(bytes.subarray(0, length)));
    expect(outcome(cut)).toMatch(/^(read|ERR_TABLE_FIELD)$/);
  }
});

test.each(distinct)('refuses a length of 0, 1 or all ones of any block of %s', (_, bytes) => {
  for (const at of lengthFields(bytes)) {
    for (const length of [0, 1, 0xffff]) {
      const copy = Uint8Array.from(bytes);
      new DataView(copy.buffer).setUint16(at, length, true);
      expect(outcome(copy)).toBe('ERR_TABLE_FIELD');
    }
  }
});
