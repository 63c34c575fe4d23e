/** Where a function's configuration space was read to. @see PCI Express Base Specification, Configuration Space */
export type ConfigSpaceLength = 64 | 256 | 4096;

/**
 * A view on a function's configuration space: as many bytes as were read, of as many as there are.
 *
 * A register that was not read is `undefined`; nothing is copied.
 */
export class ConfigSpace {
  readonly #view: DataView;
  /** Bytes that were read. */
  readonly length: number;
  /** Bytes that the function has, as far as the kernel can reach them: 256 or 4096; `undefined` when not recorded. */
  readonly size: number | undefined;

  constructor(bytes: Uint8Array, size?: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.length = bytes.byteLength;
    this.size = size;
  }

  u8(offset: number): number | undefined {
    return offset + 1 <= this.length ? this.#view.getUint8(offset) : undefined;
  }

  u16(offset: number): number | undefined {
    return offset + 2 <= this.length ? this.#view.getUint16(offset, true) : undefined;
  }

  u32(offset: number): number | undefined {
    return offset + 4 <= this.length ? this.#view.getUint32(offset, true) : undefined;
  }
}
