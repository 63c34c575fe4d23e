import type { Platform } from '@iommu/core';
import type { DeviceTree } from './device-tree.js';
import { parseDeviceTree } from './parse-device-tree.js';

/** Nothing but what the boot loader hands over beside ACPI. @see Linux v7.0 arch/arm64/kernel/acpi.c dt_is_stub() */
const isStub = ({ root }: DeviceTree): boolean =>
  root.children.every(
    ({ name, properties }) => name === 'chosen' || (name === 'hypervisor' && properties.has('compatible')),
  );

/**
 * The device tree, if the kernel goes by it: one with more than a boot loader's words counts before ACPI, unless the
 * command line says otherwise.
 *
 * @returns `undefined`: there is none, or ACPI counts.
 * @throws IommuError `ERR_TABLE_*` when the tree cannot be read.
 * @see Linux v7.0 arch/arm64/kernel/acpi.c acpi_boot_table_init()
 */
export const deviceTreeInUse = ({ deviceTree, kernel }: Platform): DeviceTree | undefined => {
  if (!deviceTree) return undefined;
  const tree = parseDeviceTree(deviceTree);
  const words = kernel.commandLine.filter(({ name }) => name === 'acpi').map(({ value }) => value);
  if (words.includes('off')) return tree;
  return isStub(tree) || words.includes('on') || words.includes('force') ? undefined : tree;
};
