import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { writeAside } from './file.js';
import type { RootEntry } from './root-entries.js';
import { badTarget } from './target.js';
import { Tally, type Written } from './written.js';

/** The same tree gives the same bytes: no time of writing, no owner but root. */
const EPOCH = new Date(0);

type Archive = ReturnType<typeof pack>;
type Header = Parameters<Archive['entry']>[0];

/** Every member is written out: objects that are spread from another one make an archive three times as slow. */
const header = (name: string, type: NonNullable<Header['type']>, mode: number): Header => ({
  name,
  type,
  mode,
  mtime: EPOCH,
  uid: 0,
  gid: 0,
  uname: 'root',
  gname: 'root',
});

/** Entries are made in batches of about this size, in bytes; so long are the chunks, too. */
const BATCH = 256 * 1024;
/** Of a header, and what contents are filled up to. */
const BLOCK = 512;

const sizeOf = (entry: RootEntry): number => BLOCK + (entry.kind === 'file' ? entry.bytes.length : 0);

/** @param done - Called when all of the entry is in the archive. */
const add = (archive: Archive, entry: RootEntry, done?: (error?: Error | null) => void): void => {
  const { kind, path } = entry;
  if (kind === 'file') archive.entry(header(path, 'file', entry.mode), entry.bytes, done);
  else if (kind === 'directory') archive.entry(header(path, 'directory', entry.mode), done);
  else {
    const link = header(path, 'symlink', 0o777);
    link.linkname = entry.target;
    archive.entry(link, done);
  }
};

const added = (archive: Archive, entry: RootEntry): Promise<void> =>
  new Promise((resolve, reject) => add(archive, entry, (error) => (error ? reject(error) : resolve())));

/**
 * A root directory as a tar archive, chunk by chunk, in constant memory: entries are read when chunks are. The same entries
 * give the same bytes.
 *
 * @param entries - Of `rootEntries()`.
 * @throws IommuError `ERR_SYSFS_NAME` for a tree that cannot be written.
 */
export async function* tarChunks(entries: Iterable<RootEntry>): AsyncGenerator<Uint8Array> {
  const archive = pack();
  const made: Uint8Array[] = [];
  // It never waits for its reader: no more is put into it before what is there was taken.
  archive.on('data', (chunk) => void made.push(chunk as Uint8Array));
  const ended = new Promise<void>((resolve) => void archive.on('end', resolve));
  try {
    let size = 0;
    for (const entry of entries) {
      size += sizeOf(entry);
      if (size < BATCH) {
        add(archive, entry);
        continue;
      }
      await added(archive, entry);
      yield Buffer.concat(made.splice(0));
      size = 0;
    }
    archive.finalize();
    await ended;
    yield Buffer.concat(made);
  } finally {
    archive.destroy();
  }
}

/** As `tarChunks()`, packed by gzip. */
export const gzipped = (chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => {
  const packer = createGzip();
  // Who reads it is told of errors by it.
  pipeline(chunks, packer, () => undefined);
  return packer;
};

/**
 * Write a root directory as a tar archive, packed by gzip if its name ends so (`.tar.gz`, `.tgz`). It appears when it is
 * whole.
 *
 * @param entries - Of `rootEntries()`; read one by one.
 * @throws IommuError `ERR_SYSFS_TARGET` with what to do instead, `ERR_SYSFS_NAME` for a tree that cannot be written.
 */
export const writeTar = async (entries: Iterable<RootEntry>, named: string): Promise<Written> => {
  if (/\.(?:bz2|tbz2?|xz|txz|zst)$/.test(named)) {
    throw badTarget(named, 'is the name of an archive of another packing', 'name a .tar, .tar.gz or .tgz');
  }
  const tally = new Tally();
  const counted = function* (): Generator<RootEntry> {
    for (const entry of entries) {
      yield entry;
      tally.count(entry);
    }
  };
  const chunks = tarChunks(counted());
  await writeAside(/\.(?:gz|tgz)$/.test(named) ? gzipped(chunks) : chunks, named);
  return tally.written(named);
};
