import { posix } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linkText } from '../../src/tree/link-text.js';

test.each([
  ['bus/pci/devices', 'devices/pci0000:00/0000:00:02.0', '../../../devices/pci0000:00/0000:00:02.0'],
  ['devices/pci0000:00/0000:00:02.0', 'devices/virtual/iommu/dmar0', '../../virtual/iommu/dmar0'],
  ['devices/pci0000:00/0000:00:01.0', 'devices/pci0000:00/0000:00:00.2/iommu/ivhd0', '../0000:00:00.2/iommu/ivhd0'],
  // What it leads to stands above it: it is named all the same.
  ['devices/pci0000:00/0000:00:00.2/iommu/ivhd0', 'devices/pci0000:00/0000:00:00.2', '../../../0000:00:00.2'],
  ['a/b', 'a/b/c/d', 'c/d'],
])('a link in %s to %s is %s', (directory, target, text) => {
  expect(linkText(directory, target)).toBe(text);
});

test('leads to its target from anywhere', () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(path, path, (directory, target) => {
      const text = linkText(directory, target);
      expect(posix.join(directory, text)).toBe(target);
      expect(posix.basename(text)).toBe(posix.basename(target));
    }),
  );
});
