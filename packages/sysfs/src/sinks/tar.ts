import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { writeAside } from './file.js';
import type { RootEntry } from './root-entries.js';
import { badTarget } from './target.js';
import { Tally, type Written } from './written.js';

/** The same tree gives the same bytes: no time of writing, no owner but root. */
const STAMP = { mtime: new Date(0), uid: 0, gid: 0, uname: 'root', gname: 'root' };

/** Chunks of about this size leave, in bytes, and the archive runs ahead of its reader by a few of them at most. */
const CHUNK = 64 * 1024;
const AHEAD = 4 * CHUNK;
/** Of a header, and what contents are filled up to. */
const BLOCK = 512;

/** No more than an entry takes in the archive: a long name takes more. */
const leastSize = (entry: RootEntry): number =>
  BLOCK + (entry.kind === 'file' ? Math.ceil(entry.bytes.length / BLOCK) * BLOCK : 0);

type Archive = ReturnType<typeof pack>;

/** Done when the archive has taken the entry, which of a large file is when its reader has taken most of it. */
const add = (archive: Archive, entry: RootEntry): Promise<void> =>
  new Promise((resolve, reject) => {
    const taken = (error?: unknown): void => (error ? reject(error) : resolve());
    const name = entry.path;
    if (entry.kind === 'directory') archive.entry({ ...STAMP, name, type: 'directory', mode: entry.mode }, taken);
    else if (entry.kind === 'link') {
      archive.entry({ ...STAMP, name, type: 'symlink', linkname: entry.target, mode: 0o777 }, taken);
    } else {
      const { bytes, mode } = entry;
      const content = archive.entry({ ...STAMP, name, type: 'file', mode, size: bytes.length }, taken);
      content.end(bytes);
    }
  });

/** Small chunks in larger ones. */
async function* gathered(chunks: AsyncIterable<Uint8Array>, taken: (bytes: number) => void): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    length += chunk.length;
    if (length < CHUNK) continue;
    yield Buffer.concat(held, length);
    taken(length);
    held = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(held, length);
}

/**
 * A root directory as a tar archive, chunk by chunk, in constant memory: entries are read when there is room for them. The
 * same entries give the same bytes.
 *
 * @param entries - Of `rootEntries()`.
 * @throws IommuError `ERR_SYSFS_NAME` for a tree that cannot be written.
 */
export async function* tarChunks(entries: Iterable<RootEntry>): AsyncGenerator<Uint8Array> {
  const archive = pack();
  // Of directories and links the archive takes any number at once, whether it is read or not.
  let ahead = 0;
  let isRead = true;
  let goOn: () => void = () => undefined;
  const room = (): Promise<void> =>
    new Promise((resolve) => {
      goOn = resolve;
    });
  const produce = async (): Promise<void> => {
    for (const entry of entries) {
      ahead += leastSize(entry);
      await add(archive, entry);
      while (ahead > AHEAD && isRead) await room();
    }
    archive.finalize();
  };
  const produced = produce().catch((error: Error) => archive.destroy(error));
  try {
    yield* gathered(archive as AsyncIterable<Uint8Array>, (bytes) => {
      ahead = Math.max(0, ahead - bytes);
      goOn();
    });
  } finally {
    isRead = false;
    archive.destroy();
    goOn();
    await produced;
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
