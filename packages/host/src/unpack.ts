import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { IommuError } from '@iommu/core';
import unbzip2 from 'unbzip2-stream';
import { isBzip2, isGzip } from './archive-kind.js';
import { checkBlocks } from './tar-blocks.js';

export const MIB: number = 1024 * 1024;

/** Of bzip2 no more is unpacked: its decoder takes seconds for what that of gzip takes none. */
const BZIP2_LIMIT = 128 * MIB;

/** Passes chunks on until they are more than the limit, in bytes. */
const limited = (limit: number): ((chunk: Buffer) => Buffer) => {
  let left = limit;
  return (chunk) => {
    left -= chunk.length;
    if (left < 0) throw new IommuError('ERR_HOST_ARCHIVE', `unpacks to more than ${limit / MIB} MiB`);
    return chunk;
  };
};

/** All at once: this decoder does not wait for its reader, so it is stopped from within. */
const bunzip = (bytes: Buffer, limit: number): Buffer[] => {
  const chunks: Buffer[] = [];
  const failures: unknown[] = [];
  const within = limited(limit);
  const decoder = unbzip2();
  decoder.on('data', (chunk: Buffer) => void chunks.push(within(chunk)));
  decoder.on('error', (error: unknown) => void failures.push(error));
  decoder.end(bytes);
  if (failures.length > 0) throw failures[0];
  return chunks;
};

async function* unpackWhole(bytes: Uint8Array, limit: number): AsyncGenerator<Buffer> {
  const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const within = limited(limit);
  if (isBzip2(bytes)) yield* bunzip(packed, Math.min(limit, BZIP2_LIMIT));
  else if (isGzip(bytes)) {
    for await (const chunk of Readable.from([packed]).pipe(createGunzip({ chunkSize: MIB }))) yield within(chunk);
  } else yield within(packed);
}

/**
 * The bytes of a tar archive, unpacked, chunk by chunk.
 *
 * @param limit - How many bytes at most.
 * @throws IommuError `ERR_HOST_ARCHIVE` for more, and for headers that only an attacker writes; or what the decoder says
 * of broken data.
 */
export const unpack = (bytes: Uint8Array, limit: number): AsyncGenerator<Buffer> =>
  checkBlocks(unpackWhole(bytes, limit));
