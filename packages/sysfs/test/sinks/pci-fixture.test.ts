import { expect, test } from 'vitest';
import { pciFixture } from '../../src/sinks/pci-fixture.js';
import { start } from '../support/machines.js';

const below = (top: string): string[] => {
  const { running, tree } = start();
  return pciFixture(tree.root, running).flatMap(({ path }) =>
    path.startsWith(`${top}/`) ? [path.slice(top.length + 1)] : [],
  );
};

test('keeps of a device its text, and the links that lead to what is kept', () => {
  const names = below('sys/devices/pci0000:00/0000:00:1c.0/0000:01:00.1');
  expect(names).toEqual(
    expect.arrayContaining([
      ...['class', 'vendor', 'modalias', 'sriov_numvfs', 'sriov_totalvfs'],
      ...['driver', 'iommu_group', 'subsystem', 'virtfn0', 'virtfn1'],
    ]),
  );
  for (const name of ['config', 'resource', 'remove', 'power', 'iommu']) expect(names).not.toContain(name);
});

test('keeps groups with their members', () => {
  expect(below('sys/kernel/iommu_groups').filter((path) => path.startsWith('0'))).toEqual([
    '0',
    '0/devices',
    '0/devices/0000:00:1c.0',
    '0/reserved_regions',
    '0/type',
  ]);
});

test('keeps drivers with their devices, and nothing of firmware, classes and modules', () => {
  expect(below('sys/bus/pci/drivers/igb')).toEqual(['0000:01:00.1']);
  for (const top of ['sys/class', 'sys/firmware', 'sys/module']) expect(below(top)).toEqual([]);
});
