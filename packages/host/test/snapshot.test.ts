import { machineToJson } from '@iommu/machine/json';
import { expect, test } from 'vitest';
import { readSnapshot } from '../src/snapshot.js';
import { SMALL, sysfs } from './support/sysfs.js';
import { type Entries, memoryTree } from './support/trees.js';

const TREE = sysfs(SMALL);
const read = (entries: Entries, log?: string) => readSnapshot(memoryTree(entries), log === undefined ? {} : { log });
const inside = (directory: string, entries: Entries): Entries =>
  Object.fromEntries(Object.entries(entries).map(([path, entry]) => [`${directory}/${path}`, entry]));

test('finds sysfs at the top, one directory below, or as the top itself', () => {
  const bare = Object.fromEntries(Object.entries(TREE).map(([path, entry]) => [path.replace('sys/', ''), entry]));
  const whole = read(TREE);
  expect(whole?.pci?.functions).toHaveLength(3);
  expect([read(inside('snapshot', TREE)), read(bare)]).toEqual([whole, whole]);
});

test('finds nothing where there is no sysfs', () => {
  expect(read({ 'a/b/sys/devices/x': '' })).toBeUndefined();
});

test('reads the groups of the tree', () => {
  expect(read(TREE)?.observed?.groups.map(({ id, devices }) => [id, devices])).toEqual([
    [0, ['0000:00:01.0']],
    [1, ['0000:01:00.0']],
    [2, ['0000:00:02.0']],
  ]);
});

test('reads groups of links alone', () => {
  const links = read(sysfs(SMALL, { groups: false }));
  expect(links?.observed?.groups).toEqual(read(TREE)?.observed?.groups);
});

test.each([
  ['uname.txt and cmdline.txt', { 'uname.txt': '6.1.0\n', 'cmdline.txt': 'quiet\n' }],
  ['proc', { 'proc/sys/kernel/osrelease': '6.1.0\n', 'proc/cmdline': 'quiet\n' }],
  ['the log', { 'dmesg.txt': 'Linux version 6.1.0 (x)\nCommand line: quiet\n' }],
  [
    'a file before the log',
    { 'uname.txt': '6.1.0\n', 'cmdline.txt': 'quiet\n', dmesg: 'Linux version 5.0 (x)\nCommand line: x\n' },
  ],
])('reads release and command line of %s', (_, files) => {
  expect(read({ ...TREE, ...files })?.kernel).toEqual({ release: '6.1.0', commandLine: 'quiet' });
});

test('reads a log that is given beside the tree', () => {
  expect(read(TREE, 'Linux version 6.2.0 (x)\n')?.kernel).toEqual({ release: '6.2.0' });
});

test('says nothing of the kernel where nothing is known', () => {
  expect(read(TREE)?.kernel).toBeUndefined();
});

test.each(['acpi', 'sys/firmware/acpi/tables'])('reads firmware tables of %s, those of IOMMUs', (place) => {
  const tables = { [`${place}/DMAR`]: 'DMAR', [`${place}/SSDT1`]: 'SSDT', [`${place}/IVRS2`]: 'IVRS' };
  expect(read({ ...TREE, ...tables })?.firmware?.acpi).toEqual({
    DMAR: new TextEncoder().encode('DMAR'),
    IVRS2: new TextEncoder().encode('IVRS'),
  });
});

test('knows that there is no table where others are', () => {
  expect(read({ ...TREE, 'acpi/FACP': 'FACP' })?.firmware).toEqual({ acpi: {} });
});

test('knows nothing of firmware where nobody looked', () => {
  expect(read(TREE)?.firmware).toBeUndefined();
});

test('knows nothing of firmware where a table may not be read', () => {
  const tree = memoryTree({ ...TREE, 'sys/firmware/acpi/tables/FACP': 'FACP' });
  tree.addDirectory('sys/firmware/acpi/tables/DMAR');
  expect(readSnapshot(tree)?.firmware).toBeUndefined();
});

test.each(['fdt', 'sys/firmware/fdt'])('reads the device tree of %s', (place) => {
  expect(read({ ...TREE, [place]: 'tree' })?.firmware).toEqual({ deviceTree: new TextEncoder().encode('tree') });
});

const found = (...addresses: string[]) =>
  addresses.map((address) => `pci ${address}: [f00d:0110] type 00 class 0x020000\n`).join('');

test('takes the order of discovery of a log that names every function', () => {
  const log = `PCI host bridge to bus 0000:00\n${found('0000:00:02.0', '0000:07:00.0', '0000:00:01.0', '0000:01:00.0')}`;
  expect(read(TREE, log)?.pci).toMatchObject({
    order: ['0000:00:02.0', '0000:00:01.0', '0000:01:00.0'],
    rootBuses: ['0000:00'],
  });
});

test('takes no order of a log that does not name every function', () => {
  expect(read(TREE, found('0000:00:02.0', '0000:00:01.0'))?.pci?.order).toBeUndefined();
});

test('takes the order of a log that does not name virtual functions', () => {
  const virtual = { files: { physfn: { link: '../0000:01:00.0' } } };
  const tree = sysfs({ ...SMALL, 'pci0000:00/0000:00:01.0/0000:01:10.0': virtual });
  expect(read(tree, found('0000:00:02.0', '0000:00:01.0', '0000:01:00.0'))?.pci?.order).toHaveLength(3);
});

test('takes groups of the log where the tree has none', () => {
  const bare = sysfs(Object.fromEntries(Object.entries(SMALL).map(([path, { group: _, ...rest }]) => [path, rest])));
  expect(read(bare, 'pci 0000:00:01.0: Adding to iommu group 3\n')?.observed).toEqual({
    source: 'dmesg',
    groups: [{ id: 3, devices: ['0000:00:01.0'] }],
  });
});

const UNIT =
  'DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap 1 ecap 2\nDMAR: dmar1: reg_base_addr fed91000 ver 1:0 cap 3 ecap 4\n';

test('adds units of the log that the tree does not show', () => {
  const place = 'sys/devices/virtual/iommu/dmar0/intel-iommu';
  const machine = read({ ...TREE, [`${place}/address`]: 'fed90000\n', [`${place}/cap`]: '5\n' }, UNIT);
  expect(machine?.units).toEqual([
    { name: 'dmar0', address: '0xfed90000', registers: { cap: '0x5' } },
    { name: 'dmar1', address: '0xfed91000', registers: { version: '0x10', cap: '0x3', ecap: '0x4' } },
  ]);
});

test('gives a machine that JSON can carry', () => {
  const machine = read({ ...TREE, 'acpi/DMAR': 'DMAR', fdt: 'tree' });
  expect(machine && JSON.parse(JSON.stringify(machineToJson(machine)))).toEqual(machine && machineToJson(machine));
});
