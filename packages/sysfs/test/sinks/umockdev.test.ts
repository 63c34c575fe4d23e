import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { umockdevLines, writeUmockdev } from '../../src/sinks/umockdev.js';
import { temporaryFolder } from '../support/folders.js';
import { type Sketch, SketchDirectory, sketchFile } from '../support/sketch-tree.js';
import { smallTree } from '../support/small-tree.js';

const SUBSYSTEM = { subsystem: '-> ../../bus/platform' };

const linesOf = (device: Sketch): string[] => [
  ...umockdevLines(new SketchDirectory({ devices: { x: { ...SUBSYSTEM, ...device } } })),
];

test('records every device with its properties, attributes and links, outer ones first', () => {
  expect([...umockdevLines(smallTree())]).toEqual([
    'P: /devices/pci0000:00/0000:00:01.0',
    'E: SUBSYSTEM=pci',
    'E: PCI_ID=8086:1901',
    'H: config=868000FF',
    'L: iommu_group=../../../kernel/iommu_groups/7',
    'A: power/control=on\\n',
    'A: vendor=0x8086\\n',
    '',
    'P: /devices/pci0000:00/0000:00:01.0/pci_bus/0000:01',
    'E: SUBSYSTEM=pci_bus',
    'A: cpuaffinity=f\\n',
    '',
  ]);
});

test('keeps the text of an attribute as it is, on one line', () => {
  expect(linesOf({ a: 'one\ntwo\\n\n', b: '', c: 'k=v "q"\n' })).toEqual([
    'P: /devices/x',
    'E: SUBSYSTEM=platform',
    'A: a=one\\ntwo\\\\n\\n',
    'A: b=',
    'A: c=k=v "q"\\n',
    '',
  ]);
});

test('records what is no plain text in hexadecimal', () => {
  const bytes = { ...sketchFile(''), read: () => Uint8Array.of(0xc3, 0xbc, 0x0a) };
  expect(linesOf({ umlaut: bytes, bell: '\u0007' })).toEqual([
    'P: /devices/x',
    'E: SUBSYSTEM=platform',
    'H: bell=07',
    'H: umlaut=C3BC0A',
    '',
  ]);
});

test('does not put into the properties what is none', () => {
  expect(linesOf({ uevent: 'A=1\n=2\nB\nSUBSYSTEM=pci\n' }).slice(0, 4)).toEqual([
    'P: /devices/x',
    'E: SUBSYSTEM=platform',
    'E: A=1',
    '',
  ]);
});

test.each([
  ['an attribute with a newline in its name', { 'a\nP: /devices/y': '1' }],
  ['an attribute with = in its name', { 'a=b': '1' }],
  ['a link with a newline in its target', { a: '-> b\nP: /devices/y' }],
  ['a link out of the tree', { a: '-> ../../../etc' }],
  ['a device with a newline in its name', { 'b\nA: c': SUBSYSTEM }],
])('refuses %s', (_, device) => {
  expect(() => linesOf(device)).toThrow(expect.objectContaining({ code: 'ERR_SYSFS_NAME' }));
});

test('is empty for a tree without devices', () => {
  expect([...umockdevLines(new SketchDirectory({ kernel: {} }))]).toEqual([]);
});

test('is written to a file when it is whole', async () => {
  const folder = temporaryFolder();
  await writeUmockdev(smallTree(), join(folder, 'm.umockdev'));
  expect(readFileSync(join(folder, 'm.umockdev'), 'utf8')).toBe(
    [...umockdevLines(smallTree())].map((line) => `${line}\n`).join(''),
  );
  const broken = new SketchDirectory({ devices: { x: { ...SUBSYSTEM, 'a=b': '' } } });
  await expect(writeUmockdev(broken, join(folder, 'n.umockdev'))).rejects.toMatchObject({ code: 'ERR_SYSFS_NAME' });
  expect(readdirSync(folder)).toEqual(['m.umockdev']);
});
