import { Readable } from 'node:stream';
import { IommuError, isIommuError } from '@iommu/core';
import { type ExtractEvents, extract, type Header } from 'tar-stream';
import { MemoryTree } from './file-tree.js';
import { shown } from './shown.js';
import { checkedPath, refusedEntry } from './tar-entry.js';
import { MIB, unpack } from './unpack.js';

/** How much an archive may hold. */
export interface ArchiveLimits {
  /** Unpacked, in bytes, what hard links repeat counted anew. */
  readonly bytes: number;
  /** Entries, and directories that only stand in names. */
  readonly entries: number;
}

/** An archive that unpacks to more bytes than this is refused. */
export const UNPACKED_LIMIT = 1024 * MIB;

const LIMITS: ArchiveLimits = { bytes: UNPACKED_LIMIT, entries: 1_000_000 };

const bad = (message: string, cause?: unknown): IommuError => new IommuError('ERR_HOST_ARCHIVE', message, { cause });

const NOTHING = new Uint8Array(0);

/** An archive that is read into memory, entry by entry. */
class TarReader {
  readonly tree = new MemoryTree();
  readonly #limits: ArchiveLimits;
  #entries = 0;
  #linked = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  take(header: Header, content: Uint8Array): void {
    const { tree } = this;
    const { entries } = this.#limits;
    const path = checkedPath(header.name);
    const { type, linkname } = header;
    if (type === 'directory') tree.addDirectory(path);
    else if (type === 'symlink') tree.addLink(path, linkname ?? '');
    else if (type === 'file' || type === 'contiguous-file') tree.addFile(path, content);
    else if (type === 'link') this.#repeat(path, checkedPath(linkname ?? ''));
    else throw refusedEntry(header);
    if (++this.#entries > entries || tree.size > entries) throw bad(`more than ${entries} entries`);
  }

  /** A hard link: the file that it names, which stands before it. */
  #repeat(path: string, target: string): void {
    const content = this.tree.read(target);
    if (!content) return;
    this.#linked += content.length;
    // Here it costs nothing; who writes the tree writes it in full.
    if (this.#linked > this.#limits.bytes) throw bad(`unpacks to more than ${this.#limits.bytes / MIB} MiB`);
    this.tree.addFile(path, content);
  }
}

/** All of an entry's content. The size that the header claims is not believed: the archive may hold less. */
const readContent = (entry: ExtractEvents['entry'][1], done: (content: Uint8Array) => void): void => {
  const chunks: Buffer[] = [];
  entry.on('data', (chunk) => void chunks.push(chunk as Buffer));
  entry.on('end', () => done(chunks.length === 0 ? NOTHING : Buffer.concat(chunks)));
  // The parser says it too.
  entry.on('error', () => undefined);
};

/** Run an archive through the parser, entry by entry. */
const parse = (source: Readable, take: TarReader['take']): Promise<void> =>
  new Promise((resolve, reject) => {
    const parser = extract();
    parser.on('error', reject);
    parser.on('finish', resolve);
    parser.on('entry', (header, entry, next) => {
      readContent(entry, (content) => {
        try {
          take(header, content);
        } catch (error) {
          parser.destroy(error as Error);
          return;
        }
        next();
      });
    });
    source.on('error', (error) => parser.destroy(error));
    source.pipe(parser);
  });

/**
 * Read an archive into memory. Nothing is written; links are kept as text.
 *
 * @throws IommuError `ERR_HOST_ARCHIVE` for broken data, entries outside the archive or below a link or a file, device
 * nodes, and archives that unpack to more than 1 GiB (of bzip2 128 MiB) or a million entries.
 */
export const readTar = async (bytes: Uint8Array, limits: ArchiveLimits = LIMITS): Promise<MemoryTree> => {
  const reader = new TarReader(limits);
  const source = Readable.from(unpack(bytes, limits.bytes));
  try {
    await parse(source, (header, content) => reader.take(header, content));
  } catch (error) {
    if (isIommuError(error, 'ERR_HOST_ARCHIVE')) throw error;
    throw bad(
      isIommuError(error) ? error.message : `not a whole tar archive: ${shown((error as Error).message)}`,
      error,
    );
  } finally {
    source.destroy();
  }
  return reader.tree;
};
