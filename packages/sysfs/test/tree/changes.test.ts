import { expect, test } from 'vitest';
import { ROOT } from '../../src/index.js';
import { MACHINE, type Started, start } from '../support/machines.js';

const PORT = 'devices/pci0000:00/0000:00:1c.0';
const GPU = `${PORT}/0000:01:00.0`;
const NIC = `${PORT}/0000:01:00.1`;
const UNIT = 'devices/virtual/iommu/toy0';

/** What is told while something happens: `+` came, `-` went, `~` changed. */
const told = ({ tree }: Started, act: () => void): string[] => {
  const changes: string[] = [];
  const off = tree.on(({ type, path }) => changes.push(`${{ added: '+', removed: '-', changed: '~' }[type]} ${path}`));
  act();
  off();
  return changes;
};

const write = ({ file }: Started, path: string, text: string): void =>
  void file(path).write?.(new TextEncoder().encode(text), ROOT);

test('a function that goes takes its driver, its place in a group and at last its directory', () => {
  const started = start();
  expect(told(started, () => write(started, `${GPU}/remove`, '1'))).toEqual([
    `- ${GPU}/driver`,
    '- bus/pci/drivers/nouveau/0000:01:00.0',
    `~ ${GPU}/uevent`,
    '- kernel/iommu_groups/1/devices/0000:01:00.0',
    '~ kernel/iommu_groups/1/reserved_regions',
    `- ${UNIT}/devices/0000:01:00.0`,
    `- ${GPU}/iommu`,
    `- ${GPU}/iommu_group`,
    '- kernel/iommu_groups/1',
    `- ${GPU}`,
    '- bus/pci/devices/0000:01:00.0',
  ]);
});

test('a function that comes is told of by its directory, which has everything in it', () => {
  const started = start();
  write(started, `${GPU}/remove`, '1');
  expect(told(started, () => write(started, 'bus/pci/rescan', '1'))).toEqual([
    '+ kernel/iommu_groups/1',
    '+ kernel/iommu_groups/1/devices/0000:01:00.0',
    '~ kernel/iommu_groups/1/reserved_regions',
    `+ ${UNIT}/devices/0000:01:00.0`,
    '~ kernel/iommu_groups/1/type',
    `+ ${GPU}`,
    '+ bus/pci/devices/0000:01:00.0',
    `+ ${GPU}/driver`,
    '+ bus/pci/drivers/nouveau/0000:01:00.0',
    `~ ${GPU}/uevent`,
  ]);
});

test('a virtual function that comes is linked by its physical one', () => {
  const started = start();
  write(started, `${NIC}/sriov_numvfs`, '0');
  const changes = told(started, () => write(started, `${NIC}/sriov_numvfs`, '1'));
  expect(changes.filter((change) => !/iommu/.test(change))).toEqual([
    `+ ${PORT}/0000:01:10.1`,
    '+ bus/pci/devices/0000:01:10.1',
    `+ ${NIC}/virtfn0`,
    `~ ${NIC}/sriov_numvfs`,
  ]);
});

test('a bus of virtual functions comes with the first of them and goes with the last', () => {
  const [bridge, endpoint, physical] = MACHINE.pci?.functions ?? [];
  if (!bridge || !endpoint || !physical) throw new Error('no functions');
  const { config: _, ...far } = physical;
  const sriov = { totalVfs: 7, offset: 255, stride: 1 };
  const started = start({ ...MACHINE, pci: { functions: [bridge, endpoint, { ...far, sriov }] } });
  const bus = [`${PORT}/pci_bus/0000:02`, 'class/pci_bus/0000:02'];
  const onBuses = (changes: readonly string[]) => changes.filter((change) => change.includes('pci_bus'));
  expect(onBuses(told(started, () => write(started, `${NIC}/sriov_numvfs`, '2')))).toEqual(
    bus.map((path) => `+ ${path}`),
  );
  expect(onBuses(told(started, () => write(started, `${NIC}/sriov_numvfs`, '0')))).toEqual(
    bus.map((path) => `- ${path}`),
  );
});

test('a bridge that goes takes its bus', () => {
  const started = start();
  const changes = told(started, () => write(started, `${PORT}/remove`, '1'));
  expect(changes.filter((change) => change.includes('pci_bus'))).toEqual(['- class/pci_bus/0000:01']);
  expect(changes.slice(-3)).toEqual([`- ${PORT}`, '- bus/pci/devices/0000:00:1c.0', '- class/pci_bus/0000:01']);
});

test('a driver comes with its module', () => {
  const started = start();
  expect(told(started, () => started.running.kernelDrivers.register('vfio-pci'))).toEqual([
    '+ bus/pci/drivers/vfio-pci',
    '+ module/vfio_pci',
  ]);
});

test('of what is written the file is told of', () => {
  const started = start();
  expect(told(started, () => write(started, `${GPU}/driver_override`, 'vfio-pci'))).toEqual([
    `~ ${GPU}/driver_override`,
  ]);
  expect(told(started, () => write(started, 'kernel/iommu_groups/4/type', 'identity'))).toEqual([
    '~ kernel/iommu_groups/4/type',
  ]);
});

test('a name of a group comes, changes and goes as its file does', () => {
  const started = start();
  const { groups } = started.running.iommu;
  const group = groups.byId(1);
  if (!group) throw new Error('no group 1');
  expect(told(started, () => groups.setName(group, 'vfio-noiommu'))).toEqual(['+ kernel/iommu_groups/1/name']);
  expect(started.text('kernel/iommu_groups/1/name')).toBe('vfio-noiommu\n');
  expect(told(started, () => groups.setName(group, 'other'))).toEqual(['~ kernel/iommu_groups/1/name']);
  expect(told(started, () => groups.setName(group, undefined))).toEqual(['- kernel/iommu_groups/1/name']);
});

test('who is taken off hears nothing more', () => {
  const started = start();
  const heard: string[] = [];
  const off = started.tree.on(({ path }) => heard.push(path));
  off();
  write(started, `${GPU}/remove`, '1');
  expect(heard).toEqual([]);
});
