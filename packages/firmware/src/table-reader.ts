import { IommuError } from '@iommu/core';

const hex = (value: number): string => `0x${value.toString(16)}`;

/**
 * Reads within one table, or within one structure of it: little-endian, as ACPI is, unless the name says otherwise.
 *
 * Offsets count from the start of what the reader covers; errors name the offset from the table's start.
 */
export class TableReader {
  /** What errors call it: the signature of an ACPI table, or `devicetree`. */
  readonly table: string;
  /** Where this part starts, in bytes from the table's start. */
  readonly base: number;
  /** Bytes that may be read, from offset 0 of this part on. */
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(table: string, bytes: Uint8Array, base = 0) {
    this.table = table;
    this.base = base;
    this.length = bytes.byteLength;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** `DMAR+0x48`: for messages. */
  at(offset: number): string {
    return `${this.table}+${hex(this.base + offset)}`;
  }

  /**
   * Make sure that bytes are there before they are read.
   *
   * @param offset - In bytes from the start of this part, as of every read.
   * @param what - What needs them, for the error: `a DRHD`.
   * @throws IommuError `ERR_TABLE_TRUNCATED` when `length` bytes from `offset` on are not all there.
   */
  require(offset: number, length: number, what: string): void {
    if (offset < 0 || length < 0 || offset + length > this.length) {
      throw new IommuError(
        'ERR_TABLE_TRUNCATED',
        `${this.at(offset)}: ${what} needs ${length} bytes, ${Math.max(0, this.length - offset)} are left`,
      );
    }
  }

  /** A byte. @throws IommuError `ERR_TABLE_TRUNCATED` past the end, as do the other reads. */
  u8(offset: number, what = 'a byte'): number {
    this.require(offset, 1, what);
    return this.#view.getUint8(offset);
  }

  /** Two bytes, little-endian. */
  u16(offset: number, what = 'a word'): number {
    this.require(offset, 2, what);
    return this.#view.getUint16(offset, true);
  }

  /** Four bytes, little-endian. */
  u32(offset: number, what = 'a double word'): number {
    this.require(offset, 4, what);
    return this.#view.getUint32(offset, true);
  }

  /** Eight bytes, little-endian. */
  u64(offset: number, what = 'a quad word'): bigint {
    this.require(offset, 8, what);
    return this.#view.getBigUint64(offset, true);
  }

  /** Big-endian, as in a device tree. */
  u32be(offset: number, what = 'a cell'): number {
    this.require(offset, 4, what);
    return this.#view.getUint32(offset, false);
  }

  /** Big-endian, as in a device tree. */
  u64be(offset: number, what = 'two cells'): bigint {
    this.require(offset, 8, what);
    return this.#view.getBigUint64(offset, false);
  }

  /** A view of the bytes; nothing is copied. */
  bytes(offset: number, length: number, what = 'bytes'): Uint8Array {
    this.require(offset, length, what);
    return this.#bytes.subarray(offset, offset + length);
  }

  /** Where the first zero byte from `offset` on is; `undefined`: there is none before the end. */
  indexOfZero(offset: number): number | undefined {
    const at = this.#bytes.indexOf(0, Math.max(0, offset));
    return at < 0 ? undefined : at;
  }

  /** ASCII up to a zero byte or the end; bytes above 0x7e and controls come out as `?`. */
  ascii(offset: number, length: number, what = 'text'): string {
    this.require(offset, length, what);
    let text = '';
    for (let at = offset; at < offset + length; at++) {
      const code = this.#bytes[at] as number;
      if (code === 0) break;
      text += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '?';
    }
    return text;
  }

  /** A part of it as a reader of its own; nothing is copied. */
  slice(offset: number, length: number, what = 'a structure'): TableReader {
    this.require(offset, length, what);
    return new TableReader(this.table, this.#bytes.subarray(offset, offset + length), this.base + offset);
  }

  /** An error at a place: `ERR_TABLE_FIELD` unless said otherwise. */
  error(offset: number, message: string, code = 'ERR_TABLE_FIELD'): IommuError {
    return new IommuError(code, `${this.at(offset)}: ${message}`);
  }
}
