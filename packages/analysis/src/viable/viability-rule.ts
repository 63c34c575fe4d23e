import type { Device, Errno } from '@iommu/core';
import { managesDma, type ResolvedKernel } from '@iommu/machine';
import { isPciDevice, isPciePort } from '@iommu/pci';

/**
 * What VFIO asks of the members of a group: `owner`, nobody uses the DMA, as is counted since 5.19; or that each has no
 * driver or one of a list, in the first of which bridges count like the rest.
 */
export type ViabilityRule = 'owner' | 'allowed-drivers' | 'allowed-drivers-and-bridges';

/** The driver of a device; `null`: it has none; `undefined`: the input does not tell. */
export type BoundDriverName = string | null | undefined;

/** The rule of a kernel. */
export const viabilityRuleOf = (kernel: ResolvedKernel): ViabilityRule =>
  (kernel.rule('vfio-viability') as ViabilityRule | undefined) ?? 'owner';

/** What the claim of a group that is not viable returns. */
export const CLAIM_REFUSED: Readonly<Record<ViabilityRule, Errno>> = {
  owner: 'EPERM',
  'allowed-drivers': 'EINVAL',
  'allowed-drivers-and-bridges': 'EINVAL',
};

/** Of VFIO: `vfio-pci`, those made of it, and those of other buses. */
export const isVfioDriver = (driver: string): boolean => managesDma(driver) && driver.includes('vfio');

/**
 * Whether a member with this driver keeps its group from being viable; `undefined`: that is not in the input.
 *
 * @see Linux v7.0 drivers/iommu/iommu.c iommu_device_use_default_domain(), iommu_group_claim_dma_owner()
 * @see Linux cba3345c drivers/vfio/vfio.c vfio_dev_viable()
 */
export const standsInTheWay = (rule: ViabilityRule, device: Device, driver: BoundDriverName): boolean | undefined => {
  if (driver === null) return false;
  const bridge = isPciDevice(device) && device.isBridge;
  if (rule === 'allowed-drivers-and-bridges' && bridge) return false;
  if (driver === undefined) {
    // Only the port driver takes ports of PCI Express, and it manages DMA.
    const isPort = isPciDevice(device) && isPciePort(device.express);
    return rule === 'owner' && isPort ? false : undefined;
  }
  if (rule === 'owner') return !managesDma(driver);
  return driver !== 'pci-stub' && !isVfioDriver(driver);
};
