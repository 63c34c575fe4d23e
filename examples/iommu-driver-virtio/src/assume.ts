import type { AssumedFirmware, Device } from '@iommu/core';
import { formatPciAddress, isPciDevice } from '@iommu/pci';
import { isVirtioIommu } from './functions.js';
import { writeViot } from './write-viot.js';

const LAST_RID = 0xffff;

/**
 * The VIOT that a usual virtual machine with a virtio-iommu would have: all functions are behind it.
 *
 * @returns `undefined` when no function is a virtio-iommu.
 */
export const assumeViot = (devices: readonly Device[]): AssumedFirmware | undefined => {
  const iommu = devices.find(isVirtioIommu);
  if (!iommu) return undefined;
  const segments = [...new Set(devices.filter(isPciDevice).map(({ segment }) => segment))];
  const ranges = segments.map((segment) => ({
    first: formatPciAddress({ segment, rid: 0 }),
    last: formatPciAddress({ segment, rid: LAST_RID }),
  }));
  return {
    acpi: { VIOT: writeViot({ iommus: [iommu.name], ranges }) },
    text: `all functions behind ${iommu.name}, by ACPI`,
  };
};
