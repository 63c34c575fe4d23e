import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { IommuError, isIommuError } from '@iommu/core';
import { extract, type Header } from 'tar-stream';
import unbzip2 from 'unbzip2-stream';
import { isBzip2, isGzip } from './archive-kind.js';
import { MemoryTree } from './file-tree.js';

/** An archive that unpacks to more than this is refused. */
export const UNPACKED_LIMIT = 1024 * 1024 * 1024;
const ENTRY_LIMIT = 2_000_000;

const bad = (message: string, cause?: unknown): IommuError => new IommuError('ERR_HOST_ARCHIVE', message, { cause });

const unpack = (bytes: Uint8Array): Readable => {
  if (!isGzip(bytes)) {
    const source = Readable.from([Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]);
    return isBzip2(bytes) ? source.pipe(unbzip2()) : source;
  }
  try {
    return Readable.from([gunzipSync(bytes, { maxOutputLength: UNPACKED_LIMIT })]);
  } catch (cause) {
    throw bad('the gzip data is broken, or larger than 1 GiB', cause);
  }
};

/** Names may not leave the archive: such an entry is an attack or an accident, and either way the archive is refused. */
const checked = (name: string): string => {
  const parts = name.split('/');
  if (name.startsWith('/') || parts.includes('..')) throw bad(`entry '${name}' lies outside the archive`);
  return parts.filter((part) => part !== '' && part !== '.').join('/');
};

/** What has been unpacked so far, against the limits. */
interface Progress {
  entries: number;
  bytes: number;
}

const readContent = async (entry: AsyncIterable<Buffer>, progress: Progress): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) {
    progress.bytes += chunk.length;
    if (progress.bytes > UNPACKED_LIMIT) throw bad('unpacks to more than 1 GiB');
    chunks.push(chunk);
  }
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
 * unpack to more than 1 GiB or two million entries.
 */
export const readTar = async (bytes: Uint8Array): Promise<MemoryTree> => {
  const tree = new MemoryTree();
  const parser = extract();
  const source = unpack(bytes);
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  const progress: Progress = { entries: 0, bytes: 0 };
  try {
    for await (const entry of parser) {
      if (++progress.entries > ENTRY_LIMIT) throw bad(`more than ${ENTRY_LIMIT} entries`);
      takeEntry(tree, entry.header, await readContent(entry as AsyncIterable<Buffer>, progress));
    }
  } catch (error) {
    throw isIommuError(error) ? error : bad(`not a whole tar archive: ${(error as Error).message}`, error);
  }
  return tree;
};
