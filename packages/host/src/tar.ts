import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { IommuError, isIommuError } from '@iommu/core';
import { extract, type Header } from 'tar-stream';
import unbzip2 from 'unbzip2-stream';
import { isBzip2, isGzip } from './archive-kind.js';
import { MemoryTree } from './file-tree.js';

const MIB = 1024 * 1024;
/** An archive that unpacks to more than this is refused. */
export const UNPACKED_LIMIT = 1024 * MIB;
/** As {@link UNPACKED_LIMIT}, of bzip2, whose decoder takes seconds for what that of gzip takes none. */
const BZIP2_LIMIT = 128 * MIB;
const ENTRY_LIMIT = 2_000_000;

const bad = (message: string, cause?: unknown): IommuError => new IommuError('ERR_HOST_ARCHIVE', message, { cause });

/** Passes chunks on until they are more than the limit, in bytes. */
const limited = (limit: number): ((chunk: Buffer) => Buffer) => {
  let left = limit;
  return (chunk) => {
    left -= chunk.length;
    if (left < 0) throw bad(`unpacks to more than ${limit / MIB} MiB`);
    return chunk;
  };
};

/** All at once: this decoder does not wait for its reader, so it is stopped from within. */
const bunzip = (bytes: Buffer): Buffer[] => {
  const chunks: Buffer[] = [];
  const failures: unknown[] = [];
  const limit = limited(BZIP2_LIMIT);
  const decoder = unbzip2();
  decoder.on('data', (chunk: Buffer) => void chunks.push(limit(chunk)));
  decoder.on('error', (error: unknown) => void failures.push(error));
  decoder.end(bytes);
  if (failures.length > 0) throw failures[0];
  return chunks;
};

async function* unpack(bytes: Uint8Array): AsyncGenerator<Buffer> {
  const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const limit = limited(UNPACKED_LIMIT);
  if (isBzip2(bytes)) yield* bunzip(packed);
  else if (isGzip(bytes)) {
    for await (const chunk of Readable.from([packed]).pipe(createGunzip({ chunkSize: MIB }))) yield limit(chunk);
  } else yield limit(packed);
}

/** Names may not leave the archive: such an entry is an attack or an accident, and either way the archive is refused. */
const checked = (name: string): string => {
  const parts = name.split('/');
  if (name.startsWith('/') || parts.includes('..')) throw bad(`entry '${name}' lies outside the archive`);
  return parts.filter((part) => part !== '' && part !== '.').join('/');
};

const readContent = async (entry: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const takeEntry = (tree: MemoryTree, { name, type, linkname }: Header, content: Buffer): void => {
  const path = checked(name);
  if (type === 'directory') tree.addDirectory(path);
  else if (type === 'symlink') tree.addLink(path, linkname ?? '');
  else if (type === 'file' || type === 'contiguous-file') tree.addFile(path, content);
  else if (type === 'link') {
    const target = tree.read(checked(linkname ?? ''));
    if (target) tree.addFile(path, target);
  } else throw bad(`entry '${name}' is a ${type}, not a file`);
};

/**
 * Read an archive into memory. Nothing is written; links are kept as text.
 *
 * @throws IommuError `ERR_HOST_ARCHIVE` for broken data, entries outside the archive, device nodes, and archives that
 * unpack to more than 1 GiB (of bzip2 128 MiB) or two million entries.
 */
export const readTar = async (bytes: Uint8Array): Promise<MemoryTree> => {
  const tree = new MemoryTree();
  const parser = extract();
  const source = Readable.from(unpack(bytes));
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let entries = 0;
  try {
    for await (const entry of parser) {
      if (++entries > ENTRY_LIMIT) throw bad(`more than ${ENTRY_LIMIT} entries`);
      takeEntry(tree, entry.header, await readContent(entry as AsyncIterable<Buffer>));
    }
  } catch (error) {
    throw isIommuError(error) ? error : bad(`not a whole tar archive: ${(error as Error).message}`, error);
  } finally {
    source.destroy();
  }
  return tree;
};
