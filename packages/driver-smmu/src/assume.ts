import type { AssumedFirmware, Device, Kernel } from '@iommu/core';
import { isPciDevice, type PciDevice, PcieType } from '@iommu/pci';
import { writeIort } from './write-iort.js';

/** Makers whose PCI Express root ports are parts of Arm processors only: Arm, Cavium, HiSilicon, Ampere. */
const ARM_ROOT_PORTS = new Set([0x13b5, 0x177d, 0x19e5, 0x1def]);
const FIRST_SMMU = 0x9050000n;
/** Register pages of one, in bytes: the next begins behind them. */
const SMMU_SIZE = 0x20000n;

const isArmRootPort = ({ express, facts, pciBus }: PciDevice): boolean =>
  express === PcieType['root-port'] && !pciBus.parent && facts.vendor !== undefined && ARM_ROOT_PORTS.has(facts.vendor);

/**
 * The IORT that a usual Arm server would have: an SMMUv3 for each root complex, to which all requester ids go as they are.
 * Memory regions are not supposed.
 *
 * @param kernel - Its architecture says whether the machine is an Arm one, where that is known.
 * @returns `undefined` unless the kernel, or a root port, says that the machine is an Arm one.
 */
export const assumeIort = (devices: readonly Device[], kernel?: Kernel): AssumedFirmware | undefined => {
  const functions = devices.filter(isPciDevice);
  if (functions.length === 0) return undefined;
  if (kernel?.arch !== 'arm64' && !functions.some(isArmRootPort)) return undefined;
  const segments = [...new Set(functions.map(({ segment }) => segment))];
  const IORT = writeIort({
    smmus: segments.map((_, at) => ({ version: 'v3', base: FIRST_SMMU + BigInt(at) * SMMU_SIZE })),
    rootComplexes: segments.map((segment, smmu) => ({ segment, smmu })),
  });
  return { acpi: { IORT }, text: 'an SMMUv3 for each PCI segment, by ACPI, without reserved memory' };
};
