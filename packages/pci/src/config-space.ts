/** Where a function's configuration space was read to. @see PCI Express Base Specification, Configuration Space */
export type ConfigSpaceLength = 64 | 256 | 4096;

/**
 * A view on a function's configuration space: as many bytes as were read, of as many as there are.
 *
 * A register that was not read is `undefined`; nothing is copied.
 */
export class ConfigSpace {
  readonly #bytes: Uint8Array;
  /** Bytes that were read. */
  readonly length: number;
  /** Bytes that the function has, as far as the kernel can reach them: 256 or 4096; `undefined` when not recorded. */
  readonly size: number | undefined;

  constructor(bytes: Uint8Array, size?: number) {
    this.#bytes = bytes;
    this.length = bytes.length;
    this.size = size;
  }

  /** A byte; `undefined`: it was not read. */
  u8(offset: number): number | undefined {
    return this.#bytes[offset];
  }

  /** Two bytes, little-endian; `undefined`: not both were read. */
  u16(offset: number): number | undefined {
    const high = this.#bytes[offset + 1];
    return high === undefined ? undefined : ((this.#bytes[offset] as number) | (high << 8)) & 0xffff;
  }

  /** Four bytes, little-endian; `undefined`: not all were read. */
  u32(offset: number): number | undefined {
    const low = this.u16(offset);
    const high = this.u16(offset + 2);
    return low === undefined || high === undefined ? undefined : low + high * 0x10000;
  }
}
