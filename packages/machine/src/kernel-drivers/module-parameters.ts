import { bootParameters, type Kernel } from '@iommu/core';

/** The last value of a module's parameter on the command line: `vfio-pci.ids=8086:10c9`; empty for one without `=`. */
export const moduleParameter = (kernel: Kernel, module: string, parameter: string): string | undefined =>
  bootParameters(kernel, `${module}.${parameter}`).at(-1);

/** @see Linux v6.1 lib/kstrtox.c kstrtobool() */
export const isSet = (value: string | undefined): boolean => value === '' || /^(?:[1yYtT]|on)/i.test(value ?? '');
