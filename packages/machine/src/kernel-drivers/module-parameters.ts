import type { Kernel } from '@iommu/core';

/** Hyphens and underscores are the same in the name of a parameter. @see Linux v6.1 kernel/params.c parameq() */
const plain = (name: string): string => name.replaceAll('-', '_');

/** The last value of a module's parameter on the command line: `vfio-pci.ids=8086:10c9`; empty for one without `=`. */
export const moduleParameter = ({ commandLine }: Kernel, module: string, parameter: string): string | undefined => {
  const wanted = plain(`${module}.${parameter}`);
  const last = commandLine.findLast(({ name }) => plain(name) === wanted);
  return last && (last.value ?? '');
};

/** @see Linux v6.1 lib/kstrtox.c kstrtobool() */
export const isSet = (value: string | undefined): boolean => value === '' || /^(?:[1yYtT]|on)/i.test(value ?? '');
