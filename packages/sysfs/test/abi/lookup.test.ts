import { describe, expect, test } from 'vitest';
import { abiEntries, abiOf, matchAbi } from '../../src/abi/lookup.js';
import { nearestAbi } from '../../src/abi/nearest.js';

const what = (path: string) => abiOf(path)?.what[0];

describe('finds the entry of', () => {
  test.each([
    ['/sys/kernel/iommu_groups', '/sys/kernel/iommu_groups/'],
    ['/sys/kernel/iommu_groups/', '/sys/kernel/iommu_groups/'],
    ['/sys/kernel/iommu_groups/12', '/sys/kernel/iommu_groups/<group>/'],
    ['/sys/kernel/iommu_groups/12/reserved_regions', '/sys/kernel/iommu_groups/<group>/reserved_regions'],
    ['/sys/kernel/iommu_groups/<group>/type', '/sys/kernel/iommu_groups/<group>/type'],
    ['/sys/kernel/iommu_groups/12/devices/0000:00:02.0', '/sys/kernel/iommu_groups/<group>/devices/<device>'],
    ['/sys/devices/pci0000:00/0000:00:02.0/iommu', '/sys/devices/.../iommu'],
    ['/sys/devices/pci0000:00/0000:00:00.2/iommu/', '/sys/devices/.../iommu/'],
    ['/sys/devices/virtual/iommu', '/sys/devices/virtual/iommu/'],
    ['/sys/devices/pci0000:00/0000:00:00.2/iommu/ivhd0/uevent', '/sys/devices/.../iommu/<unit>/uevent'],
  ])('%s', (path, expected) => {
    expect(abiOf(path)?.what).toContain(expected);
  });
});

describe('through links', () => {
  test.each([
    ['/sys/bus/pci/devices/0000:01:00.0/iommu_group', '/sys/devices/.../iommu_group'],
    ['/sys/bus/pci/devices/0000:01:00.0/iommu_group/type', '/sys/kernel/iommu_groups/<group>/type'],
    ['/sys/bus/pci/devices/0000:01:00.0/iommu/intel-iommu/cap', '/sys/devices/.../iommu/<unit>/intel-iommu/cap'],
    ['/sys/class/iommu/ivhd0/amd-iommu/features', '/sys/devices/.../iommu/<unit>/amd-iommu/features'],
    ['/sys/class/iommu/dmar0/devices/0000:01:00.0/iommu_group/name', '/sys/kernel/iommu_groups/<group>/name'],
    ['/sys/kernel/iommu_groups/3/devices/0000:01:00.0/iommu', '/sys/devices/.../iommu'],
    ['/sys/bus/pci/drivers/vfio-pci/0000:01:00.0/iommu_group', '/sys/devices/.../iommu_group'],
    ['/sys/bus/pci/devices/0000:01:00.0/driver/unbind', '/sys/bus/<bus_type>/drivers/<driver>/unbind'],
    ['/sys/bus/pci/devices/0000:01:00.0/iommu_group/', '/sys/kernel/iommu_groups/<group>/'],
    ['/sys/class/iommu/dmar0/', '/sys/devices/.../iommu/<unit>/'],
    ['/sys/class/iommu/dmar0', '/sys/class/iommu/<unit>'],
    ['/sys/devices/pci0000:00/0000:00:02.0/iommu/uevent', '/sys/devices/.../iommu/<unit>/uevent'],
    ['/sys/devices/pci0000:00/0000:00:00.2/iommu/ivhd0/device/vendor', '/sys/devices/.../<function>/vendor'],
    ['/sys/devices/pci0000:00/0000:00:00.2/iommu/ivhd0/device/uevent', '/sys/devices/.../uevent'],
  ])('%s', (path, expected) => {
    expect(what(path)).toBe(expected);
  });
});

test.each([
  '/sys/kernel/iommu_groups/12/typ',
  '/sys/kernel/iommu_groups/twelve/type',
  '/sys/kernel/iommu_groups/12/type/',
  '/sys/bus/pci/devices/0000:01:00.0/iommu_group/color',
  '/kernel/iommu_groups',
  '',
])('%j has no entry', (path) => {
  expect(abiOf(path)).toBeUndefined();
});

test('links are not followed where what documents the path itself is asked for', () => {
  expect(matchAbi('/sys/bus/pci/devices/0000:01:00.0/iommu_group/type')).toEqual([]);
});

describe('of a link and a directory of one name', () => {
  const path = '/sys/devices/pci0000:00/0000:00:00.2/iommu';
  const matches = (...query: Parameters<typeof matchAbi>) => matchAbi(...query).map(({ what: one }) => one);

  test('the one that is there is meant', () => {
    expect(matches(path, 'directory')).toEqual(['/sys/devices/.../iommu/']);
    expect(matches(path, 'link')).toEqual(['/sys/devices/.../iommu']);
    expect(matches('/sys/kernel/iommu_groups/12/type', 'directory')).toEqual([]);
  });

  test('the link first where that is not known', () => {
    expect(matches(path)).toEqual(['/sys/devices/.../iommu', '/sys/devices/.../iommu/']);
    expect(matches(`${path}/`)).toEqual(['/sys/devices/.../iommu/']);
  });
});

test('what spells out more comes first', () => {
  expect(matchAbi('/sys/devices/virtual/iommu/dmar0/uevent').map(({ what: one }) => one)).toEqual([
    '/sys/devices/.../iommu/<unit>/uevent',
    '/sys/devices/.../uevent',
  ]);
});

describe('a path without an entry gets those that are spelled most like it', () => {
  test.each([
    ['/sys/kernel/iommu_groups/12/reserved_region', '/sys/kernel/iommu_groups/<group>/reserved_regions'],
    ['/sys/bus/pci/devices/0000:01:00.0/iommu_group/nam', '/sys/kernel/iommu_groups/<group>/name'],
    ['/sys/devices/virtual/iommu/dmar0/intel-iommu/caps', '/sys/devices/.../iommu/<unit>/intel-iommu/cap'],
    ['/sys/devices/pci0000:00/0000:00:00.2/iommu/ivhd0/amd-iommu/caps', '/sys/devices/.../iommu/<unit>/amd-iommu/cap'],
    ['/sys/kernel/iommu_groups/12/domains_used', '/sys/devices/.../iommu/<unit>/intel-iommu/domains_used'],
  ])('%s', (path, expected) => {
    expect(nearestAbi(path, 1)[0]?.what).toEqual([expected]);
  });

  test('as many as are asked for', () => {
    expect(nearestAbi('/sys/x', 3)).toHaveLength(3);
    expect(nearestAbi('', 1)).toHaveLength(1);
  });
});

test('every entry says first what stands at its paths, as their form has it', () => {
  for (const { what: paths, description } of abiEntries()) {
    for (const path of paths) {
      const form = path.endsWith('/') ? /^Directory, mode 0[0-7]{3}[.,]/ : /^(?:Link |File, mode 0[0-7]{3}[.,;])/;
      expect(description, path).toMatch(form);
    }
  }
});
