import type { Platform } from '@iommu/core';
import { expect, test } from 'vitest';
import { deviceTreeInUse, type NodeSketch, writeDeviceTree } from '../src/index.js';

const inUse = (root: NodeSketch | undefined, acpi: readonly string[] = []): boolean => {
  const platform: Platform = {
    kernel: {
      release: undefined,
      arch: 'arm64',
      commandLine: acpi.map((value) => ({ name: 'acpi', value })),
      defaultDomain: 'strict',
      rule: () => undefined,
      has: () => true,
    },
    acpiTable: () => undefined,
    deviceTree: root && writeDeviceTree(root),
    units: [],
    devices: [],
    report: () => undefined,
  };
  return deviceTreeInUse(platform) !== undefined;
};

const STUB: NodeSketch = {
  nodes: { chosen: {}, hypervisor: { properties: { compatible: 'xen,xen' } } },
};
const WHOLE: NodeSketch = { nodes: { chosen: {}, soc: {} } };

test('a device tree counts before ACPI', () => {
  expect(inUse(WHOLE)).toBe(true);
});

test('one that holds only what a boot loader hands over does not count', () => {
  expect(inUse(STUB)).toBe(false);
  expect(inUse({ nodes: { hypervisor: {} } })).toBe(true);
});

test.each([
  ['off', true, true],
  ['on', false, false],
  ['force', false, false],
])('acpi=%s decides', (value, whole, stub) => {
  expect([inUse(WHOLE, [value]), inUse(STUB, [value])]).toEqual([whole, stub]);
});

test('no device tree does not count', () => {
  expect(inUse(undefined, ['off'])).toBe(false);
});
