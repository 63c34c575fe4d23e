import type { IommuUnit, Platform, UnitRegisters } from '@iommu/core';
import { ConfigSpace, isPciDevice, type PciDevice } from '@iommu/pci';
import { type Ivhd, type Ivrs, usedIvhds } from './ivrs.js';

/** One hardware unit of the table. */
export interface AmdUnit extends IommuUnit {
  readonly ivhd: Ivhd;
  /** The PCI function that it is; `undefined`: not on this machine. */
  readonly device: PciDevice | undefined;
  /** First 32 bits of its capability; `undefined` when not in the input. */
  readonly capability: number | undefined;
  /** Extended features, as Linux comes to know them; `undefined` when not in the input. */
  readonly efr: bigint | undefined;
  readonly efr2: bigint | undefined;
}

/** Linux has room for no more. */
export const MOST_UNITS = 32;

/** The unit has extended feature registers. */
const CAPABILITY_EFR = 1 << 27;
/** The unit caches what is not there: a virtual machine shadows the tables. */
const CAPABILITY_NP_CACHE = 1 << 26;
/** IVinfo: the blocks' images of the feature registers can be trusted. */
const IVINFO_EFR = 0x01;

/**
 * The units of a table, in table order, which is also that of their registration and of their names.
 *
 * @param tellsSegments - Before 6.0 the unit's function was looked for in segment 0 only.
 * @see Linux v7.0 drivers/iommu/amd/init.c init_iommu_all(), iommu_init_pci()
 */
export const unitsOf = (ivrs: Ivrs, { devices, units }: Platform, tellsSegments: boolean): AmdUnit[] => {
  const topology = devices.find(isPciDevice)?.topology;
  return usedIvhds(ivrs).map((ivhd, index) => {
    const name = `ivhd${index}`;
    const device = topology?.at(tellsSegments ? ivhd.segment : 0, ivhd.deviceId);
    const recorded = units.find((unit) => unit.name === name);
    const capability = capabilityOf(device, ivhd) ?? asNumber(recorded?.registers['cap']);
    return {
      name,
      ivhd,
      device,
      capability,
      ...features(ivrs, ivhd, capability, recorded),
      ...(device && { parent: device.path }),
    };
  });
};

const asNumber = (value: bigint | undefined): number | undefined => (value === undefined ? undefined : Number(value));

const capabilityOf = (device: PciDevice | undefined, { capabilityOffset }: Ivhd): number | undefined => {
  const bytes = device?.description.config;
  return bytes && new ConfigSpace(bytes).u32(capabilityOffset);
};

/** Linux trusts the table where the table says so, and else reads the registers of units that have them. */
const features = (
  { ivInfo }: Ivrs,
  { efr, efr2 }: Ivhd,
  capability: number | undefined,
  recorded: UnitRegisters | undefined,
): Pick<AmdUnit, 'efr' | 'efr2'> => {
  if ((ivInfo & IVINFO_EFR) !== 0 && efr) return { efr, efr2 };
  if (capability !== undefined && (capability & CAPABILITY_EFR) === 0) return { efr: 0n, efr2: 0n };
  const { efr: read, efr2: read2 } = recorded?.registers ?? {};
  return { efr: read, efr2: read2 ?? (read === undefined ? undefined : 0n) };
};

/** `undefined` capabilities are those of a unit outside a virtual machine. */
export const cachesNotPresent = ({ capability = 0 }: AmdUnit): boolean => (capability & CAPABILITY_NP_CACHE) !== 0;

/** Features that all units have; `undefined` when those of one are not known. */
export const commonFeatures = (units: readonly AmdUnit[], of: 'efr' | 'efr2'): bigint | undefined =>
  units.reduce((common: bigint | undefined, unit) => {
    const own = unit[of];
    return common === undefined || own === undefined ? undefined : common & own;
  }, 0xffff_ffff_ffff_ffffn);
