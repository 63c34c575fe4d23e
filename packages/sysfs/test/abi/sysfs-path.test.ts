import { expect, test } from 'vitest';
import { sysfsPathsOf } from '../../src/abi/sysfs-path.js';

test.each([
  ['/sys/kernel/iommu_groups/0', '/sys/kernel/iommu_groups/0'],
  ['/sys/kernel/iommu_groups/', '/sys/kernel/iommu_groups/'],
  ['/sys', '/sys'],
  ['/tmp/out/sys/kernel/iommu_groups/0', '/sys/kernel/iommu_groups/0'],
  ['/mnt/kernel/iommu_groups/0', '/sys/kernel/iommu_groups/0'],
  ['/mnt//devices/./x/../y', '/sys/devices/y'],
  ['/etc/passwd', '/etc/passwd'],
])('%s is %s', (path, expected) => {
  expect(sysfsPathsOf(path)[0]).toBe(expected);
});

test('where the place of the tree has such names too, every reading is given', () => {
  expect(sysfsPathsOf('/home/me/sys/bus/out/kernel/iommu_groups')).toEqual([
    '/sys/bus/out/kernel/iommu_groups',
    '/sys/kernel/iommu_groups',
  ]);
});
