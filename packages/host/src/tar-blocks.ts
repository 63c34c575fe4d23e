import { IommuError } from '@iommu/core';

/** Everything in an archive starts at a multiple of this, in bytes. */
const BLOCK = 512;

const TYPE = 156;
const SIZE = 124;
const SIZE_END = 136;
const MAGIC = 257;
const USTAR = Buffer.from('ustar');

/**
 * Types of headers that only say something of the next one, and how long, in bytes, each may be: extended headers and GNU's
 * long names (`x`, `L`, `N`, `K`), and the extended header for all that follow (`g`), which the parser copies for each of
 * them.
 *
 * @see POSIX.1-2017 pax, "pax Header Block"
 */
const LONGEST: ReadonlyMap<number, number> = new Map([
  [0x78, 64 * 1024],
  [0x4c, 64 * 1024],
  [0x4e, 64 * 1024],
  [0x4b, 64 * 1024],
  [0x67, 4 * 1024],
]);

/** In octal digits; or binary, which nobody needs for a size that is allowed. */
const sizeOf = (block: Buffer): number =>
  ((block[SIZE] ?? 0) & 0x80) === 0
    ? Number.parseInt(block.toString('latin1', SIZE, SIZE_END), 8) || 0
    : Number.POSITIVE_INFINITY;

const checkBlock = (block: Buffer): void => {
  const longest = LONGEST.get(block[TYPE] ?? 0);
  if (longest === undefined || !block.subarray(MAGIC, MAGIC + USTAR.length).equals(USTAR)) return;
  if (sizeOf(block) > longest) {
    throw new IommuError('ERR_HOST_ARCHIVE', `an extended header of more than ${longest / 1024} KiB`);
  }
};

/**
 * Pass an archive on in whole blocks, looking at each that could be a header, whether the parser takes it for one or not:
 * the parser keeps what extended headers say, however long they are.
 *
 * @throws IommuError `ERR_HOST_ARCHIVE`
 */
export async function* checkBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % BLOCK);
    for (let at = 0; at < whole; at += BLOCK) checkBlock(bytes.subarray(at, at + BLOCK));
    rest = bytes.subarray(whole);
    if (whole > 0) yield bytes.subarray(0, whole);
  }
  if (rest.length > 0) yield rest;
}
