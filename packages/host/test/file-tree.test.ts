import { expect, test } from 'vitest';
import { linkName, MemoryTree, readText, resolveLink, subtree } from '../src/file-tree.js';
import { memoryTree } from './support/trees.js';

const tree = memoryTree({
  'a/b/file': 'text\n\n',
  'a/link': { link: '../../x/y' },
  'a/__proto__/constructor': 'odd',
});

test('reads a file', () => {
  expect(tree.read('a/b/file')).toEqual(new TextEncoder().encode('text\n\n'));
});

test('reads a text without the blanks at its end', () => {
  expect(readText(tree, 'a/b/file')).toBe('text');
});

test('lists a directory', () => {
  expect(tree.list('a')).toEqual(['b', 'link', '__proto__']);
});

test('lists the top', () => {
  expect(tree.list('')).toEqual(['a']);
});

test('keeps an empty directory', () => {
  const one = new MemoryTree();
  one.addDirectory('a/b');
  expect(one.list('a')).toEqual(['b']);
});

test('reads names of JavaScript as names of files', () => {
  expect(readText(tree, 'a/__proto__/constructor')).toBe('odd');
  expect(tree.read('a/b/toString')).toBeUndefined();
});

test('reads the text of a link, and the name that it ends in', () => {
  expect([tree.link('a/link'), linkName(tree, 'a/link')]).toEqual(['../../x/y', 'y']);
});

test('takes blank steps and steps to the same place for none', () => {
  expect(readText(tree, './a//b/./file')).toBe('text');
});

test('finds nothing at a path that is not there', () => {
  expect([tree.read('a/c'), tree.link('a/b/file'), tree.list('a/c'), tree.read('a/b')]).toEqual([
    undefined,
    undefined,
    [],
    undefined,
  ]);
});

test('shows a part as a tree of its own', () => {
  const part = subtree(tree, 'a');
  expect([readText(part, 'b/file'), part.link('link'), part.list(''), part.list('b')]).toEqual([
    'text',
    '../../x/y',
    ['b', 'link', '__proto__'],
    ['file'],
  ]);
});

test('keeps the sizes of the whole in a part', () => {
  const sized = subtree(
    {
      ...tree,
      list: () => [],
      link: () => undefined,
      read: () => undefined,
      readSized: (path) => ({ bytes: new TextEncoder().encode(path), size: 7 }),
    },
    'a',
  );
  expect(sized.readSized?.('b')).toEqual({ bytes: new TextEncoder().encode('a/b'), size: 7 });
});

test.each([
  ['a/b', '../c', 'a/c'],
  ['a/b', './c/./d', 'a/b/c/d'],
  ['a/b', '/c', 'c'],
  ['a/b', '../../c', 'c'],
  ['a/b', '../../../c', undefined],
])('follows from %s the link %s to %s', (directory, link, target) => {
  expect(resolveLink(directory, link)).toBe(target);
});
