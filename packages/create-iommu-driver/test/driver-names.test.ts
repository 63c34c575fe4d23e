import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import { driverNames } from '../src/driver-names.js';

test.each([
  ['riscv', 'iommu-driver-riscv', 'riscv', 'riscvIommu', 'Riscv'],
  ['iommu-driver-riscv', 'iommu-driver-riscv', 'riscv', 'riscvIommu', 'Riscv'],
  ['@scope/riscv', '@scope/iommu-driver-riscv', 'riscv', 'riscvIommu', 'Riscv'],
  ['@scope/iommu-driver-riscv', '@scope/iommu-driver-riscv', 'riscv', 'riscvIommu', 'Riscv'],
  ['riscv-iommu', 'iommu-driver-riscv-iommu', 'riscv-iommu', 'riscvIommu', 'Riscv'],
  ['apple-dart.t8_x', 'iommu-driver-apple-dart.t8_x', 'apple-dart.t8_x', 'appleDartT8XIommu', 'AppleDartT8X'],
  ['iommu', 'iommu-driver-iommu', 'iommu', 'iommuIommu', 'Iommu'],
  ['new', 'iommu-driver-new', 'new', 'newIommu', 'New'],
])('%s gives the package %s', (name, packageName, driver, factory, type) => {
  const folder = packageName.replace(/^@scope\//, '');
  expect(driverNames(name)).toEqual({ packageName, folder, driver, factory, type });
});

test.each([
  ['', 'a letter'],
  ['iommu-driver-', 'a letter'],
  ['2600', 'a letter'],
  ['a--b', 'single dashes'],
  ['a-', 'single dashes'],
  ['a~b', 'special characters'],
  ['Riscv', 'capital letters'],
  ['a b', 'URL-friendly'],
  ['a\nb', 'URL-friendly'],
  ['../up', 'URL-friendly'],
  ['a/b', 'URL-friendly'],
  ['@/a', 'URL-friendly'],
  ['@Scope/a', 'capital letters'],
  ['@a/b/c', 'URL-friendly'],
  ['a'.repeat(215), '214 characters'],
])('"%s" is refused, and it is said why: %s', (name, why) => {
  const call = () => driverNames(name);
  expect(call).toThrow(why);
  expect(call).toThrow(expect.toSatisfy((error) => isIommuError(error, 'ERR_PACKAGE_NAME')));
});
