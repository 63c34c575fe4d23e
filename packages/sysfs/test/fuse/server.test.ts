import { constants } from 'node:os';
import { refused } from '@iommu/core';
import { describe, expect, test } from 'vitest';
import { InitFlag, Opcode, OpenFlag, ROOT_ID, SetAttr } from '../../src/fuse/protocol.js';
import { FuseServer } from '../../src/fuse/server.js';
import { ROOT, type SysfsFile } from '../../src/node.js';
import { type SketchDirectory, SketchTree, sketchFile, sketchNode } from '../support/sketch-tree.js';
import { bodyOf, FakeKernel, nameBytes } from './support/fake-kernel.js';
import { serveSketch } from './support/serve-sketch.js';

const { EACCES, EBADF, EBUSY, EINVAL, EIO, ENODEV, ENOENT, ENOSYS, ENOTDIR, EPERM, EPROTO, ESTALE } = constants.errno;
const O_RDONLY = 0;
const O_WRONLY = 1;
const O_RDWR = 2;

/** A file that remembers what was written. */
const writable = (mode = 0o644): { file: SysfsFile; written: string[] } => {
  const written: string[] = [];
  const file: SysfsFile = {
    ...sketchFile('old\n', mode),
    write: (bytes) => {
      written.push(Buffer.from(bytes).toString());
      return bytes.length;
    },
  };
  return { file, written };
};

describe('the first words', () => {
  test('are in the older of both versions', () => {
    const { kernel } = serveSketch({});
    expect(kernel.init({ minor: 31 })).toMatchObject({ errno: 0, minor: 31 });
    expect(kernel.init({ minor: 99 })).toMatchObject({ errno: 0, minor: 45 });
  });

  test('refuse a kernel that is too old', () => {
    expect(serveSketch({}).kernel.init({ minor: 20 }).errno).toBe(EPROTO);
  });

  test('claim nothing that the kernel did not offer', () => {
    const { kernel } = serveSketch({});
    expect(kernel.init({ flags: InitFlag.doReaddirplus }).flags).toBe(InitFlag.doReaddirplus);
  });

  test('let the kernel keep the text of links only from the release on that keeps it whole', () => {
    const { kernel } = serveSketch({});
    const asked = (minor: number) => ((kernel.init({ minor }).flags ?? 0) & InitFlag.cacheSymlinks) !== 0;
    expect([asked(43), asked(44)]).toEqual([false, true]);
  });

  test('spare a kernel the opening of directories only if it knows how', () => {
    const { kernel } = serveSketch({});
    expect(kernel.ask(Opcode.opendir, ROOT_ID, new Uint8Array(8))?.errno).toBe(ENOSYS);
    kernel.init({ flags: 0 });
    expect(kernel.ask(Opcode.opendir, ROOT_ID, new Uint8Array(8))?.errno).toBe(0);
  });
});

describe('attributes', () => {
  const { kernel } = serveSketch(
    {
      dir: { sub: {}, other: {}, file: 'text\n' },
      link: '-> dir/file',
      config: { ...sketchFile('x'), size: 256 },
      secret: sketchFile('', 0o200),
    },
    { now: () => 1_700_000_000_500 },
  );

  test.each([
    ['dir', 0o040755, 0, 4],
    ['dir/file', 0o100444, 4096, 1],
    ['link', 0o120777, 0, 1],
    ['config', 0o100444, 256, 1],
    ['secret', 0o100200, 4096, 1],
  ])('of %s are as sysfs has them', (path, mode, size, nlink) => {
    expect(kernel.stat(kernel.walk(path))).toMatchObject({ mode, size, nlink, uid: 0, gid: 0, mtime: 1_700_000_000.5 });
  });

  test('come with the answer to a look-up', () => {
    const { id, stat } = kernel.lookup(ROOT_ID, 'dir');
    expect(stat).toEqual({ ...kernel.stat(id), errno: undefined, ino: id });
  });

  test('leave a directory uncounted that is too large to count', () => {
    const entries = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`d${n}`, {}]));
    const large = serveSketch({ large: entries }).kernel;
    expect(large.stat(large.walk('large')).nlink).toBe(1);
  });

  test('of modes and owners cannot be changed, but set to what they are', () => {
    const file = kernel.walk('dir/file');
    expect(kernel.setattr(file, SetAttr.mode, { mode: 0o100644 })).toBe(EPERM);
    expect(kernel.setattr(file, SetAttr.mode, { mode: 0o100444 })).toBe(0);
    expect(kernel.setattr(file, SetAttr.uid, { uid: 1000 })).toBe(EPERM);
    expect(kernel.setattr(file, SetAttr.uid, { uid: 0 })).toBe(0);
  });

  test('of sizes and times may be set, without effect', () => {
    const file = kernel.walk('dir/file');
    expect(kernel.setattr(file, 1 << 3)).toBe(0);
    expect(kernel.setattr(file, 1 << 5)).toBe(0);
    expect(kernel.stat(file).size).toBe(4096);
  });
});

describe('names', () => {
  test('that are not there may be kept as such', () => {
    expect(serveSketch({}).kernel.lookup(ROOT_ID, 'x')).toMatchObject({ errno: 0, id: 0, valid: 3600 });
  });

  test('are looked for in directories only', () => {
    const { kernel } = serveSketch({ file: '' });
    expect(kernel.lookup(kernel.walk('file'), 'x').errno).toBe(ENOTDIR);
  });

  test('have the same number as long as the kernel knows them, and a new one when another entry takes their place', () => {
    const { kernel, tree } = serveSketch({ a: {} });
    const id = kernel.walk('a');
    expect(kernel.walk('a')).toBe(id);
    tree.root.entries.set('a', sketchNode({}));
    expect(kernel.walk('a')).not.toBe(id);
  });

  test('are forgotten when the kernel has given back every count', () => {
    const { kernel, server } = serveSketch({ a: { b: '' } });
    const before = server.inodes.size;
    const a = kernel.walk('a');
    const b = kernel.walk('a/b');
    expect(server.inodes.size).toBe(before + 2);
    kernel.forget(b, 1);
    kernel.forget(a, 1);
    expect(server.inodes.size).toBe(before + 1);
    kernel.forget(a, 1);
    expect(server.inodes.size).toBe(before);
    expect(kernel.stat(a).errno).toBe(ESTALE);
  });

  test('are never forgotten at the top', () => {
    const { kernel } = serveSketch({});
    kernel.forget(ROOT_ID, 1000);
    expect(kernel.stat(ROOT_ID).errno).toBe(0);
  });
});

describe('links', () => {
  test('are read as they are', () => {
    const { kernel } = serveSketch({ link: '-> ../a/b', file: '' });
    const reply = kernel.ask(Opcode.readlink, kernel.walk('link'));
    expect(Buffer.from(reply?.body ?? []).toString()).toBe('../a/b');
    expect(kernel.ask(Opcode.readlink, kernel.walk('file'))?.errno).toBe(EINVAL);
  });
});

describe('opening', () => {
  const { kernel } = serveSketch({
    read: sketchFile('', 0o444),
    both: writable(0o644).file,
    write: writable(0o200).file,
    silent: sketchFile('', 0o644),
    dir: {},
  });
  const open = (name: string, flags: number) => kernel.open(kernel.walk(name), flags).errno;

  test('is refused in a direction that the mode has for nobody', () => {
    expect([open('read', O_RDONLY), open('read', O_WRONLY), open('read', O_RDWR)]).toEqual([0, EACCES, EACCES]);
    expect([open('both', O_RDONLY), open('both', O_WRONLY), open('both', O_RDWR)]).toEqual([0, 0, 0]);
    expect([open('write', O_RDONLY), open('write', O_WRONLY), open('write', O_RDWR)]).toEqual([EACCES, 0, EACCES]);
  });

  test('is refused for writing where nothing can be written, whatever the mode', () => {
    expect(open('silent', O_WRONLY)).toBe(EACCES);
  });

  test('does not mind being asked to truncate', () => {
    expect(open('both', O_WRONLY | 0o1000)).toBe(0);
  });

  test('has the kernel keep nothing of the content', () => {
    expect(kernel.open(kernel.walk('read'), O_RDONLY).flags).toBe(OpenFlag.directIo | OpenFlag.noFlush);
    expect(kernel.ask(25, kernel.walk('read'), new Uint8Array(24))?.errno).toBe(ENOSYS);
  });
});

describe('reading', () => {
  /** A file that is different each time. */
  const counter = () => {
    let count = 0;
    return { ...sketchFile(''), read: () => Buffer.from(`${++count}`.repeat(6)) };
  };

  test('takes the content at the first read, goes on in it, and takes it anew from the start', () => {
    const { kernel } = serveSketch({ file: counter() });
    const id = kernel.walk('file');
    const { handle } = kernel.open(id, O_RDONLY);
    expect(kernel.read(id, handle, 0, 4)).toBe('1111');
    expect(kernel.read(id, handle, 4, 4)).toBe('11');
    expect(kernel.read(id, handle, 6, 4)).toBe('');
    expect(kernel.read(id, handle, 0, 4)).toBe('2222');
  });

  test('takes the content anew where it does not go on from the last read', () => {
    const { kernel } = serveSketch({ file: counter() });
    const id = kernel.walk('file');
    const { handle } = kernel.open(id, O_RDONLY);
    expect(kernel.read(id, handle, 0, 2)).toBe('11');
    expect(kernel.read(id, handle, 4, 2)).toBe('22');
    expect(kernel.read(id, handle, 100, 2)).toBe('');
  });

  test('of one opening does not disturb another', () => {
    const { kernel } = serveSketch({ file: counter() });
    const id = kernel.walk('file');
    const first = kernel.open(id, O_RDONLY).handle;
    const second = kernel.open(id, O_RDONLY).handle;
    expect(kernel.read(id, first, 0, 3)).toBe('111');
    expect(kernel.read(id, second, 0, 3)).toBe('222');
    expect(kernel.read(id, first, 3, 3)).toBe('111');
  });

  test('fails as the file does, as seen by who opened it', () => {
    const guarded: SysfsFile = {
      ...sketchFile(''),
      read: ({ uid }) => {
        if (uid !== 0) throw refused('EACCES', 'not for you');
        return Buffer.from('secret');
      },
    };
    const { kernel } = serveSketch({ guarded }, { callerOf: (uid) => ({ ...ROOT, uid }) });
    const id = kernel.walk('guarded');
    expect(kernel.read(id, kernel.open(id, O_RDONLY, { uid: 1000 }).handle)).toBe(EACCES);
    expect(kernel.read(id, kernel.open(id, O_RDONLY, { uid: 0 }).handle)).toBe('secret');
  });

  test('of what throws otherwise is an input/output error, and reported', () => {
    const errors: unknown[] = [];
    const broken = { ...sketchFile(''), read: () => JSON.parse('{') as never };
    const { kernel } = serveSketch({ broken }, { onError: (error) => errors.push(error) });
    const id = kernel.walk('broken');
    expect(kernel.read(id, kernel.open(id, O_RDONLY).handle)).toBe(EIO);
    expect(errors).toHaveLength(1);
  });

  test('needs an open file', () => {
    const { kernel, server } = serveSketch({ file: 'x' });
    const id = kernel.walk('file');
    const { handle } = kernel.open(id, O_RDONLY);
    kernel.release(id, handle);
    expect(kernel.read(id, handle)).toBe(EBADF);
    expect(server.files.size).toBe(0);
  });
});

describe('writing', () => {
  test('is one call of the file, wherever in it', () => {
    const { file, written } = writable();
    const { kernel } = serveSketch({ file });
    const id = kernel.walk('file');
    const { handle } = kernel.open(id, O_WRONLY);
    expect(kernel.write(id, handle, 'vfio-pci\n')).toBe(9);
    expect(written).toEqual(['vfio-pci\n']);
  });

  test('takes a page at most', () => {
    const { file, written } = writable();
    const { kernel } = serveSketch({ file });
    const id = kernel.walk('file');
    const { handle } = kernel.open(id, O_WRONLY);
    expect(kernel.write(id, handle, 'x'.repeat(8192))).toBe(4096);
    expect(written.map(({ length }) => length)).toEqual([4096]);
    expect(kernel.init().maxWrite).toBeGreaterThan(4096);
  });

  test('hands over bytes that stay as they are', () => {
    const kept: Uint8Array[] = [];
    const file: SysfsFile = { ...sketchFile('', 0o200), write: (bytes) => kept.push(bytes) };
    const { kernel } = serveSketch({ file });
    const id = kernel.walk('file');
    const { handle } = kernel.open(id, O_WRONLY);
    kernel.write(id, handle, 'abc');
    kernel.write(id, handle, 'def');
    expect(kept.map((bytes) => Buffer.from(bytes).toString())).toEqual(['abc', 'def']);
  });

  test('fails as the kernel would, with the caller that writes', () => {
    const file: SysfsFile = {
      ...sketchFile('', 0o644),
      write: (bytes, { sysAdmin }) => {
        if (!sysAdmin) throw refused('EACCES', 'no');
        if (bytes[0] === 0x62) throw refused('EBUSY', 'busy');
        throw refused('EPROBE_DEFER', 'later');
      },
    };
    const { kernel } = serveSketch({ file }, { callerOf: (uid) => ({ uid, sysAdmin: uid === 0, sysRawio: true }) });
    const id = kernel.walk('file');
    const { handle } = kernel.open(id, O_WRONLY);
    expect(kernel.write(id, handle, 'x', { uid: 5 })).toBe(-EACCES);
    expect(kernel.write(id, handle, 'busy')).toBe(-EBUSY);
    expect(kernel.write(id, handle, 'later')).toBe(-constants.errno.EAGAIN);
  });
});

describe('listing', () => {
  const names = Array.from({ length: 300 }, (_, n) => `entry-${n}`);
  const sketch = { dir: { ...Object.fromEntries(names.map((name) => [name, ''])), sub: {}, link: '-> x' } };

  test.each([
    [4096, false],
    [256, false],
    [4096, true],
    [400, true],
  ])('in parts of %i bytes, attributes %s, gives every entry once', (size, plus) => {
    const { kernel } = serveSketch(sketch);
    const listed = kernel.list(kernel.walk('dir'), { size, plus }).map(({ name }) => name);
    expect(listed).toEqual(['.', '..', ...names, 'sub', 'link']);
  });

  test('gives the types', () => {
    const { kernel } = serveSketch(sketch);
    const types = new Map(kernel.list(kernel.walk('dir')).map(({ name, type }) => [name, type]));
    expect([types.get('.'), types.get('entry-0'), types.get('sub'), types.get('link')]).toEqual([4, 8, 4, 10]);
  });

  test('gives the numbers that a look-up gives later', () => {
    const { kernel } = serveSketch(sketch);
    const dir = kernel.walk('dir');
    const listed = kernel.list(dir);
    const found = listed.find(({ name }) => name === 'sub');
    expect(kernel.lookup(dir, 'sub').id).toBe(found?.ino);
    expect(listed.find(({ name }) => name === '..')?.ino).toBe(ROOT_ID);
  });

  test('with attributes counts as a look-up of each entry', () => {
    const { kernel, server } = serveSketch({ dir: { a: '', b: '' } });
    const dir = kernel.walk('dir');
    const before = server.inodes.size;
    const [a, b] = kernel.list(dir, { plus: true }).filter(({ name }) => !name.startsWith('.'));
    expect(server.inodes.size).toBe(before + 2);
    for (const entry of [a, b]) kernel.forget(entry?.ino ?? 0, 1);
    expect(server.inodes.size).toBe(before);
  });

  test('neither skips nor repeats what stays while entries come and go', () => {
    const { kernel, tree, server } = serveSketch(sketch);
    const dir = kernel.walk('dir');
    const node = tree.root.entries.get('dir') as SketchDirectory;
    const first = kernel.readdir(dir, 0, { size: 4096 }).entries;
    const directory = server.inodes.get(dir);
    if (!directory) throw new Error('not known');
    for (const name of ['entry-0', 'entry-5', 'entry-290']) {
      node.entries.delete(name);
      server.inodes.unlist(directory, name);
    }
    node.entries.set('late', sketchNode(''));
    server.inodes.unlist(directory, 'late');
    const rest: string[] = [];
    for (let after = first.at(-1)?.position ?? 0; ; ) {
      const { entries } = kernel.readdir(dir, after);
      if (entries.length === 0) break;
      rest.push(...entries.map(({ name }) => name));
      after = entries.at(-1)?.position ?? 0;
    }
    const seen = [...first.map(({ name }) => name), ...rest];
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(['.', '..', ...names.filter((name) => name !== 'entry-290'), 'sub', 'link', 'late']);
  });

  test('is for directories only, and says so when not even one entry has room', () => {
    const { kernel } = serveSketch({ file: '' });
    expect(kernel.readdir(kernel.walk('file')).errno).toBe(ENOTDIR);
    expect(kernel.readdir(ROOT_ID, 0, { size: 10 }).errno).toBe(EINVAL);
  });
});

describe('by hand', () => {
  const { kernel } = serveSketch({ dir: {}, file: '' });
  const mknod = (mode: number) =>
    kernel.ask(
      Opcode.mknod,
      ROOT_ID,
      bodyOf(16, (fields) => fields.put32(0, mode), nameBytes('x')),
    )?.errno;

  test('nothing can be made or removed, with the errors of sysfs', () => {
    expect(kernel.ask(Opcode.create, ROOT_ID, nameBytes('x'))?.errno).toBe(EACCES);
    expect(mknod(0o100644)).toBe(EACCES);
    expect(mknod(0o010644)).toBe(EPERM);
    for (const name of ['mkdir', 'symlink', 'link', 'unlink', 'rmdir', 'rename', 'rename2'] as const)
      expect([name, kernel.ask(Opcode[name], ROOT_ID, nameBytes('file'))?.errno]).toEqual([name, EPERM]);
  });

  test('what sysfs does not know, the kernel is told not to ask again', () => {
    for (const opcode of [20, 21, 22, 23, 24, 25, 34, 36, 39, 43, 46, 52])
      expect([opcode, kernel.ask(opcode, ROOT_ID, new Uint8Array(64))?.errno]).toEqual([opcode, ENOSYS]);
  });
});

test('an entry that has gone says so', () => {
  const { kernel, server } = serveSketch({ dir: { file: writable().file } });
  const dir = kernel.walk('dir');
  const file = kernel.walk('dir/file');
  const { handle } = kernel.open(file, O_RDWR);
  const known = server.inodes.get(dir);
  if (!known) throw new Error('not known');
  server.inodes.drop(known);
  expect(kernel.read(file, handle)).toBe(ENODEV);
  expect(kernel.write(file, handle, 'x')).toBe(-ENODEV);
  expect(kernel.open(file, O_RDONLY).errno).toBe(ENODEV);
  expect(kernel.lookup(dir, 'file').errno).toBe(ENOENT);
  expect(kernel.readdir(dir).errno).toBe(ENOENT);
  expect(kernel.stat(file)).toMatchObject({ errno: 0, nlink: 0 });
});

test('a server is ready once the kernel was answered', () => {
  const server = new FuseServer(new SketchTree({}).root, { callerOf: () => ROOT });
  expect(server.ready).toBe(false);
  new FakeKernel(server).init();
  expect(server.ready).toBe(true);
});
