import { describe, expect, test } from 'vitest';
import { type RootEntry, rootEntries } from '../../src/sinks/root-entries.js';
import { type Sketch, SketchDirectory } from '../support/sketch-tree.js';
import { smallTree } from '../support/small-tree.js';

const decoder = new TextDecoder('latin1');

const text = (entry: RootEntry): string => {
  if (entry.kind === 'link') return `${entry.path} -> ${entry.target}`;
  const head = `${entry.path} ${entry.mode.toString(8)}`;
  return entry.kind === 'directory' ? head : `${head} ${JSON.stringify(decoder.decode(entry.bytes))}`;
};

const entriesOf = (sketch: Sketch): string[] => [...rootEntries(new SketchDirectory(sketch))].map(text);

test('gives directories before what is in them, by ascending name, whatever the order in which they were made', () => {
  expect(entriesOf({ b: { z: '1\n', a: '-> ../a' }, a: '' })).toEqual([
    'sys 755',
    'sys/a 444 ""',
    'sys/b 755',
    'sys/b/a -> ../a',
    'sys/b/z 444 "1\\n"',
  ]);
});

test('puts files and their directories beside the tree', () => {
  const beside = [
    { path: 'machine.json', bytes: Uint8Array.of(0x7b) },
    { path: 'proc/cmdline', bytes: Uint8Array.of(0x61) },
    { path: 'proc/sys/kernel/arch', bytes: Uint8Array.of(0x62) },
  ];
  expect([...rootEntries(new SketchDirectory({}), beside)].map(text)).toEqual([
    'machine.json 644 "{"',
    'proc 755',
    'proc/cmdline 644 "a"',
    'proc/sys 755',
    'proc/sys/kernel 755',
    'proc/sys/kernel/arch 644 "b"',
    'sys 755',
  ]);
});

test('gives files that are only written, and those that do not answer, without content', () => {
  const entries = [...rootEntries(smallTree())];
  const named = (name: string) => entries.find(({ path }) => path.endsWith(name));
  expect(named('/remove')).toMatchObject({ mode: 0o200, bytes: new Uint8Array(0) });
  expect(named('/remove')).not.toHaveProperty('errno');
  expect(named('/gone')).toMatchObject({ mode: 0o444, bytes: new Uint8Array(0), errno: 'ENODEV' });
});

test('passes on an error that is not the kernel’s', () => {
  const broken = {
    kind: 'file' as const,
    mode: 0o444,
    size: 0,
    read: () => {
      throw new TypeError('a bug');
    },
  };
  expect(() => entriesOf({ broken })).toThrow('a bug');
});

test('gives no permissions but to read and write', () => {
  const file = { kind: 'file' as const, mode: 0o4777, size: 0, read: () => new Uint8Array(0) };
  expect(entriesOf({ file })).toContain('sys/file 666 ""');
});

test('walks a tree that is as deep as a path can be', () => {
  let sketch: Sketch = {};
  for (let depth = 0; depth < 4000; depth++) sketch = { d: new SketchDirectory(sketch) };
  expect(entriesOf(sketch)).toHaveLength(4001);
});

describe('refuses', () => {
  test.each(['', '.', '..', 'a/b', '/etc', '../../etc', 'a\0b', 'n'.repeat(256), 'ü'.repeat(128)])(
    'an entry named %j',
    (name) => {
      expect(() => entriesOf({ d: { [name]: '' } })).toThrow(expect.objectContaining({ code: 'ERR_SYSFS_NAME' }));
    },
  );

  test.each(['/etc/passwd', '../../..', '../../../etc', '../a/../../../etc', 'a/..', '', 'a\0b'])(
    'a link to %j two levels below the top',
    (target) => {
      const link = { kind: 'link' as const, target };
      expect(() => entriesOf({ a: { b: { link } } })).toThrow(expect.objectContaining({ code: 'ERR_SYSFS_NAME' }));
    },
  );

  test('no link that stays', () => {
    const links = ['../..', '../../a', '../b', 'c', './c'].map((target, at) => [`l${at}`, `-> ${target}`]);
    expect(entriesOf({ a: { b: Object.fromEntries(links) } })).toHaveLength(3 + links.length);
  });
});
