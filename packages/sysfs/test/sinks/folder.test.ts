import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { writeFolder } from '../../src/sinks/folder.js';
import { type RootEntry, rootEntries } from '../../src/sinks/root-entries.js';
import { rootFiles } from '../../src/sinks/root-files.js';
import { contentOf, temporaryFolder } from '../support/folders.js';
import { SketchDirectory } from '../support/sketch-tree.js';
import { smallTree } from '../support/small-tree.js';

const beside = rootFiles({ schema: 1, kernel: { release: '6.1', arch: 'x86_64', commandLine: 'quiet' } });
const entries = (): Iterable<RootEntry> => rootEntries(smallTree(), beside);

/** One of another content than `entries()`. */
const otherEntries = (): Iterable<RootEntry> => rootEntries(new SketchDirectory({ other: '' }), beside);

const refusal = (target: string, what: Iterable<RootEntry> = entries()): string => {
  try {
    writeFolder(what, target);
  } catch (error) {
    return `${(error as { code?: string }).code} ${(error as Error).message}`;
  }
  return 'written';
};

test('writes files, links and directories with their modes', () => {
  const folder = temporaryFolder();
  const written = writeFolder(entries(), join(folder, 'm'));
  const content = contentOf(join(folder, 'm'));
  const device = 'sys/devices/pci0000:00/0000:00:01.0';
  expect(content).toMatchObject({
    'proc/cmdline': '0644 quiet',
    'proc/sys/kernel/osrelease': '0644 6.1',
    'proc/sys/kernel/arch': '0644 x86_64',
    sys: '0755',
    [device]: '0755',
    [`${device}/vendor`]: '0444 0x8086',
    [`${device}/config`]: '0644 \u0086\u0080\0\u00ff',
    [`${device}/remove`]: '0200',
    [`${device}/gone`]: '0444',
    [`${device}/iommu_group`]: '-> ../../../kernel/iommu_groups/7',
  });
  expect(statSync(join(folder, 'm', device, 'iommu_group')).isDirectory()).toBe(true);
  const kinds = Object.values(content).map((text) => text.slice(0, 4));
  expect(written).toEqual({
    target: join(folder, 'm'),
    directories: kinds.filter((kind) => kind === '0755').length,
    links: kinds.filter((kind) => kind.startsWith('->')).length,
    files: kinds.filter((kind) => kind !== '0755' && !kind.startsWith('->')).length,
    unanswered: [`${device}/gone`],
  });
});

test('gives the modes whatever the process would take away', () => {
  const before = process.umask(0o077);
  onTestFinished(() => void process.umask(before));
  const folder = temporaryFolder();
  writeFolder(entries(), join(folder, 'm'));
  const modes = Object.values(contentOf(join(folder, 'm'))).map((text) => text.slice(0, 4));
  expect(new Set(modes.filter((mode) => /^\d/.test(mode)))).toEqual(new Set(['0755', '0644', '0444', '0200']));
  expect(statSync(join(folder, 'm')).mode & 0o777).toBe(0o755);
});

test('writes the same folder every time', () => {
  const folder = temporaryFolder();
  writeFolder(entries(), join(folder, 'a'));
  writeFolder(entries(), join(folder, 'b'));
  expect(contentOf(join(folder, 'a'))).toEqual(contentOf(join(folder, 'b')));
});

describe('appears when it is whole', () => {
  test('and not before, under another name beside it', () => {
    const folder = temporaryFolder();
    const seen: string[][] = [];
    const watched = function* (): Generator<RootEntry> {
      for (const entry of entries()) {
        seen.push(readdirSync(folder));
        yield entry;
      }
    };
    writeFolder(watched(), join(folder, 'm'));
    expect(seen.every(([name = '', ...more]) => /^\.m\.tmp-\d+-\w{6}$/.test(name) && more.length === 0)).toBe(true);
    expect(readdirSync(folder)).toEqual(['m']);
  });

  test('and an exception on the way leaves nothing behind', () => {
    const folder = temporaryFolder();
    const failing = function* (): Generator<RootEntry> {
      yield* entries();
      throw new Error('on the way');
    };
    expect(() => writeFolder(failing(), join(folder, 'm'))).toThrow('on the way');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('and an exception leaves the folder that was there', () => {
    const folder = temporaryFolder();
    writeFolder(entries(), join(folder, 'm'));
    const failing = function* (): Generator<RootEntry> {
      yield* otherEntries();
      throw new Error('on the way');
    };
    expect(() => writeFolder(failing(), join(folder, 'm'))).toThrow('on the way');
    expect(readdirSync(folder)).toEqual(['m']);
    expect(existsSync(join(folder, 'm/sys/kernel'))).toBe(true);
  });

  test('and nothing is left of a tree that no file system should be given', () => {
    const folder = temporaryFolder();
    const tree = new SketchDirectory({ a: '', 'z/..': '' });
    expect(refusal(join(folder, 'm'), rootEntries(tree))).toMatch(/^ERR_SYSFS_NAME /);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('and nothing is left of one that is as deep as bridges can be nested', () => {
    const folder = temporaryFolder();
    let tree = new SketchDirectory({ '..': '' });
    for (let depth = 0; depth < 600; depth++) tree = new SketchDirectory({ d: tree });
    expect(refusal(join(folder, 'm'), rootEntries(tree))).toMatch(/^ERR_SYSFS_NAME /);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each(['l/x', '../x', 'd/../../x', 'd/x/y', 'd//x'])(
    'and nothing is written of an entry %s that is in no directory of ours',
    (path) => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, 'theirs'));
      const made: RootEntry[] = [
        { kind: 'link', path: 'l', target: join(folder, 'theirs') },
        { kind: 'directory', path: 'd', mode: 0o755 },
        { kind: 'file', path, mode: 0o644, bytes: Uint8Array.of(1) },
      ];
      expect(refusal(join(folder, 'm'), made)).toMatch(/^ERR_SYSFS_NAME /);
      expect(contentOf(folder)).toEqual({ theirs: expect.any(String) });
    },
  );

  test('and of two entries of one name nothing is written', () => {
    const folder = temporaryFolder();
    const twice: RootEntry[] = [
      { kind: 'link', path: 'a', target: folder },
      { kind: 'file', path: 'a', mode: 0o644, bytes: Uint8Array.of(1) },
    ];
    expect(refusal(join(folder, 'm'), twice)).toMatch(/^ERR_SYSFS_TARGET .*EEXIST/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('replaces', () => {
  test('an empty folder', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'm'));
    expect(refusal(join(folder, 'm'))).toBe('written');
  });

  test('a folder that it wrote, and removes that', () => {
    const folder = temporaryFolder();
    writeFolder(entries(), join(folder, 'm'));
    writeFolder(otherEntries(), join(folder, 'm'));
    expect(readdirSync(folder)).toEqual(['m']);
    expect(readdirSync(join(folder, 'm/sys'))).toEqual(['other']);
  });

  test('no folder that was put there meanwhile', () => {
    const folder = temporaryFolder();
    const late = function* (): Generator<RootEntry> {
      yield* entries();
      mkdirSync(join(folder, 'm/theirs'), { recursive: true });
    };
    expect(refusal(join(folder, 'm'), late())).toMatch(/^ERR_SYSFS_TARGET .*ENOTEMPTY/);
    expect(contentOf(folder)).toEqual({ m: expect.any(String), 'm/theirs': expect.any(String) });
  });

  test('no folder that took the place of ours meanwhile', () => {
    const folder = temporaryFolder();
    writeFolder(entries(), join(folder, 'm'));
    const late = function* (): Generator<RootEntry> {
      yield* entries();
      renameSync(join(folder, 'm'), join(folder, 'ours'));
      mkdirSync(join(folder, 'm/theirs'), { recursive: true });
    };
    expect(refusal(join(folder, 'm'), late())).toMatch(/^ERR_SYSFS_TARGET .*was not written by us/);
    expect(readdirSync(folder).sort()).toEqual(['m', 'ours']);
    expect(readdirSync(join(folder, 'm'))).toEqual(['theirs']);
  });
});

describe('refuses and leaves alone', () => {
  const refused = (make: (path: string) => void, what: RegExp): void => {
    const folder = temporaryFolder();
    const path = join(folder, 'm');
    make(path);
    const before = contentOf(folder);
    expect(refusal(path)).toMatch(what);
    expect(contentOf(folder)).toEqual(before);
  };

  test('a folder with something in it', () => {
    refused((path) => mkdirSync(join(path, 'x'), { recursive: true }), /^ERR_SYSFS_TARGET .*not empty.*not there yet/);
  });

  test('a folder that it wrote, and in which somebody put something', () => {
    refused((path) => {
      writeFolder(entries(), path);
      writeFileSync(join(path, 'notes.txt'), 'mine');
    }, /was not written by us/);
  });

  test.each([
    ['another file', (path: string) => writeFileSync(path, '{"name":"x"}')],
    ['a link to one', (path: string) => symlinkSync('../n/machine.json', path)],
    ['a folder', (path: string) => mkdirSync(path)],
  ])('a folder in which machine.json is %s', (_, make) => {
    refused((path) => {
      writeFolder(entries(), join(path, '../n'));
      mkdirSync(join(path, 'sys'), { recursive: true });
      make(join(path, 'machine.json'));
    }, /was not written by us/);
  });

  test('a file', () => {
    refused((path) => writeFileSync(path, 'mine'), /^ERR_SYSFS_TARGET .*is no folder/);
  });

  test.each(['.', 'nowhere'])('a link to %s', (target) => {
    refused((path) => symlinkSync(target, path), /^ERR_SYSFS_TARGET .*symbolic link/);
  });
});

describe('never writes into the running system:', () => {
  const why = /^ERR_SYSFS_TARGET .*(?:running|root of this) .*name a place of your own/;

  test.each([
    '/',
    '/sys',
    '/proc',
    '/dev',
    '/sys/',
    '/sys/kernel/x',
    '/proc/self/x',
    '/dev/shm',
    '/dev/shm/x',
    '/../sys',
  ])('%s', (target) => {
    expect(refusal(target)).toMatch(why);
  });

  test.each(['/sys', '/sys/kernel', '/proc', '/dev', '/'])('through a link to %s', (target) => {
    const folder = temporaryFolder();
    symlinkSync(target, join(folder, 'l'));
    expect(refusal(join(folder, 'l', target === '/' ? 'sys' : 'x'))).toMatch(why);
  });

  test('through several links', () => {
    const folder = temporaryFolder();
    symlinkSync('/sys', join(folder, 'a'));
    symlinkSync('a/kernel', join(folder, 'b'));
    expect(refusal(join(folder, 'b/x'))).toMatch(why);
  });
});

test('follows a link on the way to the target, and names the target as it was named', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'l'));
  expect(writeFolder(entries(), join(folder, 'l/m')).target).toBe(join(folder, 'l/m'));
  expect(readdirSync(join(folder, 'real'))).toEqual(['m']);
});

describe('says what to do about', () => {
  test('a folder around it that is not there', () => {
    const folder = temporaryFolder();
    expect(refusal(join(folder, 'a/m'))).toMatch(/^ERR_SYSFS_TARGET .*cannot be found: make that folder first/);
  });

  test('a file in place of that folder', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a'), '');
    expect(refusal(join(folder, 'a/m'))).toMatch(/^ERR_SYSFS_TARGET /);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('');
  });

  test.each(['', 'a\0b'])('the name %j', (target) => {
    expect(refusal(target)).toMatch(/^ERR_SYSFS_TARGET .*no name of a file/);
  });

  test('a place where one may not write', (context) => {
    if (process.getuid?.() === 0) return context.skip('root may write anywhere');
    const folder = temporaryFolder();
    chmodSync(folder, 0o555);
    onTestFinished(() => chmodSync(folder, 0o755));
    expect(refusal(join(folder, 'm'))).toMatch(/^ERR_SYSFS_TARGET .*where you may write/);
  });

  test('a tree that is deeper than a path may be, of which nothing is left', () => {
    const folder = temporaryFolder();
    let tree = new SketchDirectory({});
    for (let depth = 0; depth < 100; depth++) tree = new SketchDirectory({ [`pci10000:e${'0'.repeat(40)}`]: tree });
    expect(refusal(join(folder, 'm'), rootEntries(tree))).toMatch(/^ERR_SYSFS_TARGET .*ENAMETOOLONG.*write a tar/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('no name, as long as the system takes it', () => {
    const folder = temporaryFolder();
    expect(refusal(join(folder, 'ü'.repeat(127)))).toBe('written');
  });
});
