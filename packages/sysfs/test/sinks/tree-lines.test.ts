import { expect, test } from 'vitest';
import { nodeAt, type SysfsDirectory } from '../../src/node.js';
import { treeLines } from '../../src/sinks/tree-lines.js';
import { SketchDirectory } from '../support/sketch-tree.js';
import { smallTree } from '../support/small-tree.js';

const group = (): SysfsDirectory => nodeAt(smallTree(), 'kernel/iommu_groups') as SysfsDirectory;

test('draws names in order, with the targets of links, and counts', () => {
  expect([...treeLines(group(), { name: 'groups' })]).toEqual([
    'groups',
    '└── 7',
    '    ├── devices',
    '    │   └── 0000:00:01.0 -> ../../../../devices/pci0000:00/0000:00:01.0',
    '    ├── reserved_regions',
    '    └── type',
    '',
    '2 directories, 2 files, 1 link',
  ]);
});

test('shows contents when asked, several lines below the name', () => {
  expect([...treeLines(group(), { contents: true })].slice(4, 8)).toEqual([
    '    ├── reserved_regions:',
    '    │     0x0 0xf direct',
    '    │     0x10 0x1f msi',
    '    └── type: DMA',
  ]);
});

test('says what binary, silent and only written files are', () => {
  const device = nodeAt(smallTree(), 'devices/pci0000:00/0000:00:01.0') as SysfsDirectory;
  const lines = [...treeLines(device, { contents: true, depth: 1 })];
  expect(lines).toContain('├── config: (4 bytes)');
  expect(lines).toContain('├── gone: (ENODEV)');
  expect(lines).toContain('├── remove: (write only)');
});

test('draws no more levels than asked for', () => {
  expect([...treeLines(group(), { depth: 1 })]).toEqual(['/sys', '└── 7', '', '1 directory, 0 files, 0 links']);
});

test('yields its first lines before it has looked at all', () => {
  const tree = new SketchDirectory({ a: {}, b: {} });
  const lines = treeLines(tree);
  expect([lines.next().value, lines.next().value]).toEqual(['/sys', '├── a']);
  tree.entries.delete('b');
  expect([...lines]).toEqual(['', '1 directory, 0 files, 0 links']);
});

test('passes nothing on that does something to a terminal', () => {
  const tree = new SketchDirectory({ 'a\u001b[2J': 'x\u001b]0;t\u0007\n', b: '-> \u202ec', c: 'two\twords\n' });
  expect([...treeLines(tree, { contents: true })].slice(0, 4)).toEqual([
    '/sys',
    '├── a\\x1b[2J: (8 bytes)',
    '├── b -> \\u{202e}c',
    '└── c: two\\x09words',
  ]);
});
