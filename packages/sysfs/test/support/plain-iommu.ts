import type { IommuDriver } from '@iommu/core';
import { isPciDevice, pciDeviceGroup } from '@iommu/pci';

/** A driver of one unit for everything, which groups PCI devices by the kernel's rule. */
export const plainIommu = (): IommuDriver => ({
  specVersion: 1,
  name: 'plain',
  bind() {
    const unit = { name: 'plain0' };
    return {
      units: [unit],
      busFeatures: ['pci-acs'],
      unitOf: () => ({ unit, ids: [] }),
      deviceGroup: (device, groups) =>
        isPciDevice(device) ? pciDeviceGroup(device, groups) : { group: groups.alloc(), reasons: [] },
      reservedRegions: () => [],
    };
  },
});
