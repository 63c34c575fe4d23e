import type { ReservedRegion } from '@iommu/core';

/*
 * To which pages devices write their interrupts on Arm, by the base of the controller's registers: host physical, bytes.
 */

/** Of an interrupt translation service: 64 KiB behind as many of registers. @see Arm IHI 0069 (GICv3), GITS_TRANSLATER */
export const itsPage = (base: bigint): ReservedRegion => ({
  start: base + 0x10000n,
  end: base + 0x1ffffn,
  type: 'msi',
});

/** Of a GICv2m frame: 4 KiB. @see Arm Server Base System Architecture, GICv2m, MSI_SETSPI_NS */
export const msiFramePage = (base: bigint): ReservedRegion => ({ start: base, end: base + 0xfffn, type: 'msi' });
