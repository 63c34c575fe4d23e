import { ACPI_HEADER_LENGTH } from '@iommu/firmware';

/** Fields of the header that vendors put serial numbers, asset tags and customers' names into. */
const OEM_FIELDS: readonly (readonly [offset: number, text: string])[] = [
  [10, 'REDACT'],
  [16, 'REDACTED'],
  // OEM revision, and the compiler's name and revision.
  [24, '\0'.repeat(12)],
];
const CHECKSUM = 9;

/** A UID as long as this is a number that somebody counted, not a serial number. */
const SHORT_UID = 8;
const UID_IS_TEXT = 2;
const IVRS_BLOCKS = 48;
const IVHD_WITH_NAMES = 0x40;
const IVHD_ENTRIES = 40;
const ACPI_ENTRY = 0xf0;

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) + u16(bytes, at + 2) * 0x10000;

/** The driver finds the device by this name: paths and short ones stay. */
const blankLongUid = (table: Uint8Array, at: number, length: number): void => {
  if (length <= SHORT_UID || table[at] === 0x5c) return;
  table.fill(0x78, at, at + length);
};

/** Entries of one block that name ACPI devices. @see AMD I/O Virtualization Technology Specification, 5.2.2 */
const redactNames = (table: Uint8Array, start: number, end: number): void => {
  for (let at = start; at < end; ) {
    const type = table[at] ?? 0;
    if (type !== ACPI_ENTRY) {
      at += 4 << (type >> 6);
      continue;
    }
    const length = Math.min(table[at + 21] ?? 0, Math.max(0, end - at - 22));
    if (table[at + 20] === UID_IS_TEXT) blankLongUid(table, at + 22, length);
    at += 22 + length;
  }
};

const redactIvrs = (table: Uint8Array, end: number): void => {
  for (let at = IVRS_BLOCKS; at + 4 <= end; ) {
    const length = u16(table, at + 2);
    if (length < 4) return;
    if (table[at] === IVHD_WITH_NAMES) redactNames(table, at + IVHD_ENTRIES, Math.min(at + length, end));
    at += length;
  }
};

const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0);

/**
 * An ACPI table without the fields of its header that can hold a serial number, and, in IVRS, without UIDs longer than
 * eight characters that are no ACPI path. Of the same length; a checksum that was right is right again, and a wrong one
 * as wrong as before.
 *
 * @see ACPI Specification 6.5, section 5.2.6 (System Description Table Header)
 */
export const redactAcpiTable = (bytes: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  const claimed = u32(bytes, 4);
  const end = claimed >= ACPI_HEADER_LENGTH ? Math.min(claimed, bytes.length) : bytes.length;
  // What follows the table is of nobody.
  copy.fill(0, end);
  for (const [offset, text] of OEM_FIELDS) {
    for (let at = 0; at < text.length && offset + at < end; at++) copy[offset + at] = text.charCodeAt(at);
  }
  if (String.fromCharCode(...bytes.subarray(0, 4)) === 'IVRS') redactIvrs(copy, end);
  if (end > CHECKSUM) {
    const change = sum(copy.subarray(0, end)) - sum(bytes.subarray(0, end));
    copy[CHECKSUM] = (bytes[CHECKSUM] as number) - change;
  }
  return copy;
};
