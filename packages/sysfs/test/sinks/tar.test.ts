import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import type { SysfsDirectory, SysfsNode } from '../../src/node.js';
import { type RootEntry, rootEntries } from '../../src/sinks/root-entries.js';
import { tarChunks, writeTar } from '../../src/sinks/tar.js';
import { temporaryFolder } from '../support/folders.js';
import { SketchDirectory } from '../support/sketch-tree.js';
import { smallTree } from '../support/small-tree.js';

const entries = (): Iterable<RootEntry> => rootEntries(smallTree());

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
};

/** What an archive holds, as entries, and what its headers say besides. */
const read = async (bytes: Buffer): Promise<{ entries: RootEntry[]; stamps: Set<string> }> => {
  const parser = extract();
  parser.end(bytes);
  const found: RootEntry[] = [];
  const stamps = new Set<string>();
  for await (const entry of parser) {
    const { name: path, mode = 0, type, linkname, uid, gid, uname, gname, mtime } = entry.header;
    stamps.add(`${uid}:${gid} ${uname}:${gname} ${mtime?.getTime()}`);
    const content: Buffer[] = [];
    for await (const chunk of entry) content.push(chunk as Buffer);
    if (type === 'directory') found.push({ kind: 'directory', path, mode });
    else if (type === 'symlink') found.push({ kind: 'link', path, target: linkname ?? '' });
    else found.push({ kind: 'file', path, mode, bytes: new Uint8Array(Buffer.concat(content)) });
  }
  return { entries: found, stamps };
};

const plain = (list: Iterable<RootEntry>): unknown[] =>
  [...list].map((entry) => (entry.kind === 'file' ? { ...entry, bytes: [...entry.bytes], errno: undefined } : entry));

test('holds the entries with their modes, of no time and of root', async () => {
  const { entries: found, stamps } = await read(await collect(tarChunks(entries())));
  expect(plain(found)).toEqual(plain(entries()));
  expect([...stamps]).toEqual(['0:0 root:root 0']);
});

test('is the same bytes every time', async () => {
  expect(await collect(tarChunks(entries()))).toEqual(await collect(tarChunks(entries())));
});

test('holds names and targets that are longer than a header, and contents that are larger than a chunk', async () => {
  const long = 'n'.repeat(200);
  const bytes = new Uint8Array(300_000).map((_, at) => at);
  const large: SysfsNode = { kind: 'file', mode: 0o444, size: bytes.length, read: () => bytes };
  const tree = new SketchDirectory({ [long]: { [`ü${long}`]: `-> ${long}/x`, large } });
  const { entries: found } = await read(await collect(tarChunks(rootEntries(tree))));
  expect(plain(found)).toEqual(plain(rootEntries(tree)));
});

/** A directory of many files and links that exist only while they are looked at. */
const many = (count: number, content: number): SysfsDirectory => ({
  kind: 'directory',
  mode: 0o755,
  *names() {
    for (let at = 0; at < count; at++) yield String(at).padStart(8, '0');
  },
  child(name) {
    if (Number(name) % 4 > 0) return { kind: 'link', target: name };
    return { kind: 'file', mode: 0o444, size: content, read: () => new Uint8Array(content) };
  },
});

test('is made as it is read, in constant memory', async () => {
  let made = 0;
  let longest = 0;
  const counted = function* (): Generator<RootEntry> {
    for (const entry of rootEntries(many(40_000, 4096))) {
      made += 512 + (entry.kind === 'file' ? entry.bytes.length : 0);
      yield entry;
    }
  };
  let read = 0;
  for await (const chunk of tarChunks(counted())) {
    // A reader that is slower than the tree: what is made and not read is held in memory.
    if (read % (1024 * 1024) < chunk.length) await new Promise((resolve) => setImmediate(resolve));
    read += chunk.length;
    longest = Math.max(longest, made - read);
  }
  expect(read).toBeGreaterThan(60_000_000);
  expect(longest).toBeLessThan(1024 * 1024);
});

test('stops to be made when it is no longer read', async () => {
  let made = 0;
  let ended = false;
  const counted = function* (): Generator<RootEntry> {
    try {
      for (const entry of rootEntries(many(40_000, 4096))) {
        made++;
        yield entry;
      }
    } finally {
      ended = true;
    }
  };
  for await (const _ of tarChunks(counted())) break;
  expect(ended).toBe(true);
  expect(made).toBeLessThan(2000);
});

test('passes on what the entries throw', async () => {
  const tree = new SketchDirectory({ a: '', 'z/..': '' });
  await expect(collect(tarChunks(rootEntries(tree)))).rejects.toMatchObject({ code: 'ERR_SYSFS_NAME' });
});

describe('as a file', () => {
  test('is plain, or packed by gzip if its name ends so', async () => {
    const folder = temporaryFolder();
    const bytes = await collect(tarChunks(entries()));
    for (const name of ['m.tar', 'm.tar.gz', 'm.tgz']) await writeTar(entries(), join(folder, name));
    expect(readFileSync(join(folder, 'm.tar'))).toEqual(bytes);
    expect(gunzipSync(readFileSync(join(folder, 'm.tar.gz')))).toEqual(bytes);
    expect(readFileSync(join(folder, 'm.tgz'))).toEqual(readFileSync(join(folder, 'm.tar.gz')));
    expect(readdirSync(folder).sort()).toEqual(['m.tar', 'm.tar.gz', 'm.tgz']);
  });

  test('says what was written', async () => {
    const folder = temporaryFolder();
    const target = join(folder, 'm.tar');
    const all = [...entries()];
    const count = (kind: string) => all.filter((entry) => entry.kind === kind).length;
    expect(await writeTar(entries(), target)).toEqual({
      target,
      directories: count('directory'),
      files: count('file'),
      links: count('link'),
      unanswered: ['sys/devices/pci0000:00/0000:00:01.0/gone'],
    });
  });

  test('replaces a file, and not before it is whole', async () => {
    const folder = temporaryFolder();
    const target = join(folder, 'm.tar');
    writeFileSync(target, 'before');
    const watched = function* (): Generator<RootEntry> {
      yield* entries();
      expect(readFileSync(target, 'utf8')).toBe('before');
    };
    await writeTar(watched(), target);
    expect(statSync(target).size).toBeGreaterThan(1024);
  });

  test.each(['m.tar', 'm.tar.gz'])('leaves nothing behind of %s after an exception', async (name) => {
    const folder = temporaryFolder();
    const failing = function* (): Generator<RootEntry> {
      yield* entries();
      throw new Error('on the way');
    };
    await expect(writeTar(failing(), join(folder, name))).rejects.toThrow('on the way');
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['a folder', (path: string) => mkdirSync(path)],
    ['a link', (path: string) => symlinkSync('other', path)],
    ['a pipe', (path: string) => void execFileSync('mkfifo', [path])],
  ])('does not take the place of %s', async (_, make) => {
    const folder = temporaryFolder();
    make(join(folder, 'm.tar'));
    await expect(writeTar(entries(), join(folder, 'm.tar'))).rejects.toMatchObject({ code: 'ERR_SYSFS_TARGET' });
    expect(readdirSync(folder)).toEqual(['m.tar']);
    expect(existsSync(join(folder, 'other'))).toBe(false);
  });

  test.each(['/sys/m.tar', '/dev/null', '/proc/self/m.tar', '/nowhere/m.tar', 'm.tar.xz', 'm.tbz2'])(
    'is not written to %s',
    async (target) => {
      await expect(writeTar(entries(), target)).rejects.toMatchObject({ code: 'ERR_SYSFS_TARGET' });
    },
  );
});
