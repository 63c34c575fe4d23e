import { bootParameters, type Kernel } from '@iommu/core';
import { ConfigSpace, findExtendedCapability, type PciDevice } from '@iommu/pci';

const ATS = 0x000f;
const PRI = 0x0013;
const PASID = 0x001b;

/** Extended feature register: guest translation, and peripheral page requests. */
const EFR_GT = 1n << 4n;
const EFR_PPR = 1n << 1n;

/** Whether units can translate per process and serve page faults of devices. */
export const servesProcesses = (efr: bigint | undefined): boolean =>
  efr !== undefined && (efr & EFR_GT) !== 0n && (efr & EFR_PPR) !== 0n;

const has = ({ description }: PciDevice, id: number): boolean => {
  const { config, configSize } = description;
  // Where the list was not read, it does not matter whether there is one.
  return !!config && typeof findExtendedCapability(new ConfigSpace(config, configSize), id, undefined) === 'number';
};

/**
 * Whether a function can name the process that its DMA is for. A capability list that was not read counts as without.
 *
 * Older releases ask for the whole of shared virtual memory (ATS, PRI, PASID), and of the function itself; newer ones for
 * PASID alone, which virtual functions have of their physical function.
 *
 * @see Linux v7.0 drivers/iommu/amd/iommu.c pdev_get_caps()
 * @see Linux v6.1 drivers/iommu/amd/iommu.c pci_iommuv2_capable()
 */
export const namesProcesses = (device: PciDevice, kernel: Kernel): boolean => {
  if (kernel.rule('amd-identity') !== 'ats-pri-pasid') return has(device.physicalFunction ?? device, PASID);
  const withoutAts = bootParameters(kernel, 'pci').some((value) => value.split(',').includes('noats'));
  return !withoutAts && !device.untrusted && [ATS, PRI, PASID].every((id) => has(device, id));
};
