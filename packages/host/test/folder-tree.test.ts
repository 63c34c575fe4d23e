import { execFileSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readText } from '../src/file-tree.js';
import { FolderTree } from '../src/folder-tree.js';
import { folderOf, temporaryFolder } from './support/trees.js';

const content = { 'a/file': 'text\n', 'a/link': { link: '../elsewhere' }, 'a/dangling': { link: 'nowhere' } };

test('reads files, links and directories', () => {
  const tree = new FolderTree(folderOf(content));
  expect([readText(tree, 'a/file'), tree.link('a/link'), [...tree.list('a')].sort()]).toEqual([
    'text',
    '../elsewhere',
    ['dangling', 'file', 'link'],
  ]);
});

test('takes a root with a slash at its end', () => {
  expect(readText(new FolderTree(`${folderOf(content)}/`), 'a/file')).toBe('text');
});

test('finds nothing where there is nothing', () => {
  const tree = new FolderTree(folderOf(content));
  expect([tree.read('b'), tree.link('a/file'), tree.list('b')]).toEqual([undefined, undefined, []]);
});

test('takes directories and links that lead nowhere for no files', () => {
  const tree = new FolderTree(folderOf(content));
  expect([tree.read('a'), tree.read('a/dangling')]).toEqual([undefined, undefined]);
});

test('does not wait for a pipe', () => {
  const folder = temporaryFolder();
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  expect(new FolderTree(folder).read('pipe')).toBeUndefined();
});

test('takes a file that the system does not let it read for no file', () => {
  // The own memory is a regular file that cannot be read from its start.
  expect(new FolderTree('/proc/self').read('mem')).toBeUndefined();
});

test('reads a file that claims to be empty and is not', () => {
  expect(readText(new FolderTree('/proc/self'), 'status')).toMatch(/^Name:/);
});

test('says the size of a file', () => {
  const folder = folderOf({ config: new Uint8Array(256) });
  expect(new FolderTree(folder).readSized('config')).toEqual({ bytes: new Uint8Array(256), size: 256 });
});

test('reads no more than 64 MiB of a file', () => {
  const folder = folderOf({ large: '' });
  truncateSync(join(folder, 'large'), 100 * 1024 * 1024);
  const { bytes, size } = new FolderTree(folder).readSized('large') ?? {};
  expect([bytes?.length, size]).toEqual([64 * 1024 * 1024, 100 * 1024 * 1024]);
});
