import type { Kernel } from '@iommu/core';
import { type PciId, parseIdParameter } from './pci-id.js';

/** Hyphens and underscores are the same in the name of a parameter. @see Linux v6.1 kernel/params.c parameq() */
const plain = (name: string): string => name.replaceAll('-', '_');

/** The last value of a module's parameter on the command line: `vfio-pci.ids=8086:10c9`. */
export const moduleParameter = ({ commandLine }: Kernel, module: string, parameter: string): string | undefined => {
  const wanted = plain(`${module}.${parameter}`);
  return commandLine.findLast(({ name }) => plain(name) === wanted)?.value;
};

/** Drivers whose parameter `ids` gives them ids as `new_id` does. */
const WITH_IDS = new Set(['vfio-pci', 'pci-stub']);

/**
 * What is no id is left out.
 *
 * @see Linux v6.1 drivers/vfio/pci/vfio_pci.c vfio_pci_fill_ids(), drivers/pci/pci-stub.c pci_stub_init()
 */
export const idsOnCommandLine = (kernel: Kernel, driver: string): PciId[] =>
  WITH_IDS.has(driver)
    ? (moduleParameter(kernel, driver, 'ids') ?? '').split(',').flatMap((text) => parseIdParameter(text) ?? [])
    : [];

/** @see Linux v6.1 lib/kstrtox.c kstrtobool() */
export const isSet = (value: string | undefined): boolean => value === '' || /^(?:[1yYtT]|on)/i.test(value ?? '');
