import { TableReader } from './table-reader.js';

/** Bytes of the header that every ACPI table starts with. @see ACPI Specification 6.5, section 5.2.6 */
export const ACPI_HEADER_LENGTH = 36;

/** An ACPI table whose header was read; the structures after it are the vendor's. */
export interface AcpiTable {
  /** Four characters, the ones that were asked for: `DMAR`. */
  readonly signature: string;
  /** Byte 8 of the header: the layout of the table, which each kind of table counts for itself. */
  readonly revision: number;
  /** Whether all bytes of the table add up to zero, as they should. Linux warns and goes on when they do not. */
  readonly checksumOk: boolean;
  /** The whole table, header included; as long as the header says. */
  readonly reader: TableReader;
}

/**
 * Read the header of an ACPI table.
 *
 * @param bytes - The table, from its signature on; more bytes than the header's length are left alone.
 * @param signature - The four characters expected.
 * @throws IommuError `ERR_TABLE_TRUNCATED` when bytes are missing, `ERR_TABLE_SIGNATURE` for another table,
 * `ERR_TABLE_FIELD` when the length is below that of a header.
 * @see ACPI Specification 6.5, section 5.2.6 (System Description Table Header)
 */
export const openAcpiTable = (bytes: Uint8Array, signature: string): AcpiTable => {
  const all = new TableReader(signature, bytes);
  all.require(0, ACPI_HEADER_LENGTH, 'an ACPI table header');
  const found = all.ascii(0, 4);
  if (found !== signature) throw all.error(0, `signature '${found}', expected '${signature}'`, 'ERR_TABLE_SIGNATURE');
  const length = all.u32(4);
  if (length < ACPI_HEADER_LENGTH) {
    throw all.error(4, `table length ${length}, expected at least the ${ACPI_HEADER_LENGTH} of the header`);
  }
  const reader = all.slice(0, length, 'the table');
  let sum = 0;
  for (const byte of bytes.subarray(0, length)) sum += byte;
  return { signature, revision: reader.u8(8), checksumOk: (sum & 0xff) === 0, reader };
};

/** Set the length and the checksum of a table made by hand; the bytes are changed in place and returned. */
export const sealAcpiTable = (bytes: Uint8Array): Uint8Array => {
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setUint32(4, bytes.length, true);
  bytes[9] = 0;
  bytes[9] = -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
  return bytes;
};
