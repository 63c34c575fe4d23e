import type { Device, GroupAccess, GroupDecision, Refusal } from '@iommu/core';
import type { SmmuFound } from './unit.js';

/** How one SMMU takes devices in: the part in which versions 2 and 3 differ. */
export interface SmmuModel {
  /** Take what only so many devices may have; nothing is taken when it is refused. @see probe_device */
  claim(device: Device, found: SmmuFound): Refusal | undefined;
  /** Give back what {@link claim} took. @see release_device */
  release(device: Device, found: SmmuFound): void;
  /** @see device_group */
  group(device: Device, groups: GroupAccess): GroupDecision | Refusal;
  /** @see def_domain_type */
  defaultDomainType(device: Device): 'identity' | undefined;
}

/** A group for a device that is no PCI function. @see Linux v7.0 drivers/iommu/iommu.c generic_device_group() */
export const alone = (device: Device, groups: GroupAccess): GroupDecision => ({
  group: groups.alloc(),
  reasons: [
    {
      rule: 'one-group-per-device',
      text: `${device.name} is no PCI device, and has a group of its own.`,
      source: 'generic_device_group()',
      devices: [device],
    },
  ],
});
