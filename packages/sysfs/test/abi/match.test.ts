import { isIommuError } from '@iommu/core';
import { describe, expect, test } from 'vitest';
import { whatPattern } from '../../src/abi/match.js';

const matches = (what: string, path: string): boolean => whatPattern(what).regexp.test(path);

describe('a What matches whole paths', () => {
  test.each([
    ['/sys/kernel/iommu_groups/<group>/type', '/sys/kernel/iommu_groups/7/type', true],
    ['/sys/kernel/iommu_groups/<group>/type', '/sys/kernel/iommu_groups/7/type2', false],
    ['/sys/kernel/iommu_groups/<group>/type', '/sys/kernel/iommu_groups/7/type/x', false],
    ['/sys/kernel/iommu_groups/<group>/type', '/mnt/sys/kernel/iommu_groups/7/type', false],
    ['/sys/kernel/iommu_groups/<group>/type', '/sys/kernel/iommu_groups/7a/type', false],
    ['/sys/kernel/iommu_groups/', '/sys/kernel/iommu_groups', true],
    ['/sys/kernel/iommu_groups/', '/sys/kernel/iommu_groups/7', false],
    ['/sys/devices/.../uevent', '/sys/devices/platform/uevent', true],
    ['/sys/devices/.../uevent', '/sys/devices/a/b/c/uevent', true],
    ['/sys/devices/.../uevent', '/sys/devices/uevent', false],
    ['/sys/devices/.../iommu', '/sys/devices/a/iommu_group', false],
  ])('%s, %s: %s', (what, path, expected) => {
    expect(matches(what, path)).toBe(expected);
  });
});

describe('a variable stands for names of its kind', () => {
  test.each([
    ['<function>', '0000:00:1f.3', true],
    ['<function>', '10000:e0:06.0', true],
    ['<function>', '0000:00:1f.8', false],
    ['<function>', '0000:00:20.0', false],
    ['<function>', 'config', false],
    ['pci<segment>:<bus>', 'pci0000:00', true],
    ['pci<segment>:<bus>', 'pci10000:e0', true],
    ['pci<segment>:<bus>', 'pci_bus', false],
    ['virtfn<number>', 'virtfn12', true],
    ['virtfn<number>', 'virtfn', false],
    ['<named_device>', '9040000.ethernet', true],
    ['<named_device>', '4010000000.pcie', true],
    ['<named_device>', 'INTC1078:00', true],
    ['<named_device>', 'soc@0', true],
    ['<named_device>', 'msi_irqs', false],
    ['<named_device>', '0000:00:1f.3', false],
    ['<named_device>', '0000:01', false],
    ['<named_device>', 'pci0000:00', false],
    ['<unit>', 'smmu3.0x0000000009050000', true],
    ['<unit>', 'devices', false],
    ['<device>', 'a/b', false],
    ['<group>', '', false],
  ])('%s, %s: %s', (variable, name, expected) => {
    expect(matches(`/sys/x/${variable}`, `/sys/x/${name}`)).toBe(expected);
  });

  test('and for itself, so that a path may be asked for as it is documented', () => {
    const what = '/sys/kernel/iommu_groups/<group>/devices/<device>';
    expect(matches(what, what)).toBe(true);
    expect(matches('/sys/devices/.../<function>/class', '/sys/devices/.../<function>/class')).toBe(true);
  });
});

test('characters of a path are no pattern', () => {
  expect(matches('/sys/a.b/c+', '/sys/aXb/c+')).toBe(false);
  expect(matches('/sys/a.b/c+', '/sys/a.b/c+')).toBe(true);
});

test('a slash at the end says that it is a directory', () => {
  expect(whatPattern('/sys/bus/').directory).toBe(true);
  expect(whatPattern('/sys/bus').directory).toBe(false);
});

test('more spelled out counts more', () => {
  const literal = (what: string): number => whatPattern(what).literal;
  expect(literal('/sys/devices/.../iommu/<unit>/uevent')).toBeGreaterThan(literal('/sys/devices/.../uevent'));
  expect(literal('/sys/devices/virtual/iommu/')).toBeGreaterThan(literal('/sys/devices/.../iommu'));
});

test('a variable that nobody knows is an error', () => {
  expect(() => whatPattern('/sys/<thing>/x')).toThrow(/no variable is called <thing>/);
  try {
    whatPattern('/sys/<thing>/x');
  } catch (error) {
    expect(isIommuError(error, 'ERR_ABI')).toBe(true);
  }
});
