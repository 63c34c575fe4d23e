import type { Machine } from '@iommu/machine';
import { expect, test } from 'vitest';
import { readText } from '../src/file-tree.js';
import { readMachineBytes } from '../src/read-machine.js';
import { readTar } from '../src/tar.js';
import { machineToTar } from '../src/write-tar.js';
import { configBytes } from './support/config-bytes.js';

const CONFIG = configBytes({ express: 0, acs: [0x1d, 0x1d] });

const MACHINE: Machine = {
  schema: 1,
  name: 'whole',
  kernel: { release: '6.1.0', commandLine: 'quiet' },
  firmware: { acpi: { DMAR: 'RE1BUg==' }, deviceTree: Uint8Array.of(1, 2, 3) },
  pci: {
    functions: [
      { address: '0000:00:01.0', parent: null, id: 'f00d:0101', class: '060400', driver: 'pcieport' },
      { address: '0000:01:00.0', parent: '0000:00:01.0', config: CONFIG },
      { address: '0000:01:10.0', parent: '0000:00:01.0', physicalFunction: '0000:01:00.0' },
      { address: '10000:e0:06.0', parent: null, segmentHost: '0000:01:00.0' },
    ],
    order: ['0000:00:01.0', '0000:01:00.0'],
  },
};

const written = async (machine: Machine = MACHINE) => readTar(await machineToTar(machine));

test('writes the machine itself, so that it reads as it was', async () => {
  const { firmware, ...rest } = await readMachineBytes(await machineToTar(MACHINE));
  expect(firmware).toEqual({ acpi: { DMAR: 'RE1BUg==' }, deviceTree: 'AQID' });
  expect(rest.pci?.functions.map(({ address }) => address)).toEqual(
    MACHINE.pci?.functions.map(({ address }) => address),
  );
});

test('writes the same bytes every time', async () => {
  expect(await machineToTar(MACHINE)).toEqual(await machineToTar(MACHINE));
});

test('writes release, command line, tables and device tree', async () => {
  const tree = await written();
  expect([readText(tree, 'uname.txt'), readText(tree, 'cmdline.txt'), readText(tree, 'acpi/DMAR')]).toEqual([
    '6.1.0',
    'quiet',
    'DMAR',
  ]);
  expect([...(tree.read('fdt') ?? [])]).toEqual([1, 2, 3]);
});

test('nests functions as their bridges and hosts are', async () => {
  const tree = await written();
  const links = tree.list('sys/bus/pci/devices').map((name) => tree.link(`sys/bus/pci/devices/${name}`));
  expect(links).toEqual([
    '../../../devices/pci0000:00/0000:00:01.0',
    '../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0',
    '../../../devices/pci0000:00/0000:00:01.0/0000:01:10.0',
    '../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/pci10000:e0/10000:e0:06.0',
  ]);
});

test('writes configuration space and attributes', async () => {
  const tree = await written();
  const port = 'sys/devices/pci0000:00/0000:00:01.0';
  expect([
    readText(tree, `${port}/vendor`),
    readText(tree, `${port}/device`),
    readText(tree, `${port}/class`),
    tree.link(`${port}/driver`),
    tree.link(`${port}/0000:01:10.0/physfn`),
  ]).toEqual(['0xf00d', '0x0101', '0x060400', '../../../bus/pci/drivers/pcieport', '../0000:01:00.0']);
  expect(new Uint8Array(tree.read(`${port}/0000:01:00.0/config`) ?? [])).toEqual(CONFIG);
});

test('writes files that read as the machine without machine.json', async () => {
  const { readSnapshot } = await import('../src/snapshot.js');
  const tree = await written();
  const machine = readSnapshot(tree);
  expect(machine?.pci?.functions.map(({ address, parent, segmentHost }) => [address, parent, segmentHost])).toEqual(
    MACHINE.pci?.functions.map(({ address, parent, segmentHost }) => [address, parent, segmentHost]),
  );
});

test.each([
  ['parent', { address: '0000:00:01.0', parent: '0000:00:01.0' }],
  ['host', { address: '0000:00:01.0', parent: null, segmentHost: '0000:00:01.0' }],
])('writes a machine in which a function is its own %s', async (_, fn) => {
  const machine: Machine = { schema: 1, pci: { functions: [fn] } };
  expect(await readMachineBytes(await machineToTar(machine))).toMatchObject(machine);
});
