import { endianness } from 'node:os';

const LITTLE = endianness() === 'LE';
const TWO_TO_32 = 2 ** 32;

/**
 * The integers of a structure, by their offsets in it, in the byte order of the machine.
 *
 * 64-bit ones are plain numbers: the protocol's own stay far below 2^53, and of others only that they are wrong matters.
 */
export class Fields {
  readonly #view: DataView;
  readonly #base: number;

  /** @param base - Where in the bytes the structure begins. */
  constructor(bytes: Uint8Array, base = 0) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = base;
  }

  u32(offset: number): number {
    return this.#view.getUint32(this.#base + offset, LITTLE);
  }

  u64(offset: number): number {
    return this.u32(LITTLE ? offset : offset + 4) + this.u32(LITTLE ? offset + 4 : offset) * TWO_TO_32;
  }

  put16(offset: number, value: number): void {
    this.#view.setUint16(this.#base + offset, value, LITTLE);
  }

  put32(offset: number, value: number): void {
    this.#view.setUint32(this.#base + offset, value, LITTLE);
  }

  put64(offset: number, value: number): void {
    this.put32(LITTLE ? offset : offset + 4, value);
    this.put32(LITTLE ? offset + 4 : offset, Math.floor(value / TWO_TO_32));
  }
}
