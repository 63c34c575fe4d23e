import { isIommuError } from '@iommu/core';
import { parseDeviceTree } from '@iommu/firmware';
import { toBytes } from './bytes.js';
import type { MachineFirmware } from './machine.js';

/** What drives the IOMMUs that a firmware table describes: for messages only, nothing here loads a driver. */
export interface DriverPackage {
  /** On npm: `@iommu/driver-intel-vtd`. */
  readonly package: string;
  /** The name that the driver goes by. */
  readonly driver: string;
  /** As sentences call it: `Intel VT-d`. */
  readonly hardware: string;
}

/** By the signature of the firmware table. */
export const DRIVER_PACKAGES: Readonly<Record<string, DriverPackage>> = {
  DMAR: { package: '@iommu/driver-intel-vtd', driver: 'intel-vtd', hardware: 'Intel VT-d' },
  IVRS: { package: '@iommu/driver-amd-vi', driver: 'amd-vi', hardware: 'AMD-Vi' },
  IORT: { package: '@iommu/driver-smmu', driver: 'smmu', hardware: 'Arm SMMU' },
  VIOT: { package: 'iommu-driver-virtio', driver: 'virtio', hardware: 'virtio-iommu' },
};

/** What the nodes of IOMMUs in a device tree call themselves, by the ACPI table that would describe them. */
const COMPATIBLE: Readonly<Record<string, RegExp>> = {
  IORT: /^arm,s?mmu-/,
  VIOT: /^virtio,pci-iommu$/,
};

/** The IOMMUs of a device tree, by such a table; a tree that cannot be read tells nothing. */
const tablesInPlaceOf = ({ deviceTree }: MachineFirmware): string[] => {
  if (deviceTree === undefined) return [];
  try {
    const tree = parseDeviceTree(toBytes(deviceTree, 'firmware.deviceTree'));
    const names = [...tree.nodes()].flatMap((node) => node.property('compatible')?.texts ?? []);
    return Object.keys(COMPATIBLE).filter((table) => names.some((name) => COMPATIBLE[table]?.test(name)));
  } catch (error) {
    if (isIommuError(error)) return [];
    throw error;
  }
};

/** The packages for all that firmware describes. */
export const packagesFor = (firmware: MachineFirmware): DriverPackage[] =>
  [...Object.keys(firmware.acpi ?? {}), ...tablesInPlaceOf(firmware)].flatMap((table) => DRIVER_PACKAGES[table] ?? []);
