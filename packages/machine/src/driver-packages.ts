import { isIommuError } from '@iommu/core';
import { parseDeviceTree } from '@iommu/firmware';
import { toBytes } from './bytes.js';
import type { MachineFirmware } from './machine.js';

/** What drives the IOMMUs that a firmware table describes: for messages only, nothing here loads a driver. */
export interface DriverPackage {
  readonly package: string;
  /** The name that the driver goes by. */
  readonly driver: string;
  readonly hardware: string;
}

export const DRIVER_PACKAGES: Readonly<Record<string, DriverPackage>> = {
  DMAR: { package: '@iommu/driver-intel-vtd', driver: 'intel-vtd', hardware: 'Intel VT-d' },
  IVRS: { package: '@iommu/driver-amd-vi', driver: 'amd-vi', hardware: 'AMD-Vi' },
  IORT: { package: '@iommu/driver-smmu', driver: 'smmu', hardware: 'Arm SMMU' },
  VIOT: { package: 'iommu-driver-virtio', driver: 'virtio', hardware: 'virtio-iommu' },
};

/** Whether a device tree has an SMMU; one that cannot be read tells nothing. */
const hasSmmu = ({ deviceTree }: MachineFirmware): boolean => {
  if (deviceTree === undefined) return false;
  try {
    const tree = parseDeviceTree(toBytes(deviceTree, 'firmware.deviceTree'));
    return [...tree.nodes()].some((node) =>
      node.property('compatible')?.texts.some((name) => /^arm,s?mmu-/.test(name)),
    );
  } catch (error) {
    if (isIommuError(error)) return false;
    throw error;
  }
};

/** The packages for all that firmware describes. */
export const packagesFor = (firmware: MachineFirmware): DriverPackage[] => {
  const packages = Object.keys(firmware.acpi ?? {}).flatMap((table) => DRIVER_PACKAGES[table] ?? []);
  return hasSmmu(firmware) ? [...packages, DRIVER_PACKAGES['IORT'] as DriverPackage] : packages;
};
