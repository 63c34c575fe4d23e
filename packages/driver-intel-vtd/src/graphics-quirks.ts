import type { Kernel } from '@iommu/core';
import { ConfigSpace, type PciDevice } from '@iommu/pci';

const INTEL = 0x8086;
const DISPLAY = 0x03;

/** Chipsets and graphics whose dedicated unit does not work. @see Linux v7.0 drivers/iommu/intel/iommu.c quirk_iommu_igfx() */
// biome-ignore format: one generation a line
const EARLY_IGFX_OFF = new Set([
  0x2a40, 0x2e00, 0x2e10, 0x2e20, 0x2e30, 0x2e40, 0x2e90, // G4x, GM45
  0x0044, // Ironlake
]);

/** Broadwell; added in 5.4 (unverified). */
// biome-ignore format: one variant a line
const BROADWELL_IGFX_OFF = new Set([
  0x1606, 0x160b, 0x160e, 0x1602, 0x160a, 0x160d,
  0x1616, 0x161b, 0x161e, 0x1612, 0x161a, 0x161d,
  0x1626, 0x162b, 0x162e, 0x1622, 0x162a, 0x162d,
  0x1636, 0x163b, 0x163e, 0x1632, 0x163a, 0x163d,
]);

/** Host bridges that tell in their graphics control register whether memory was set aside for remapping. */
const CALPELLA = new Set([0x0040, 0x0062, 0x006a]);
const GRAPHICS_CONTROL = 0x52;
const MEMORY_FOR_VTD = 0x0800;

export const isDisplay = ({ facts }: PciDevice): boolean =>
  facts.classCode !== undefined && facts.classCode >>> 16 === DISPLAY;

/** What quirks of present devices ask for: units of graphics alone off, or strict invalidation. */
export interface GraphicsQuirks {
  /** The device that asks for it, if any. */
  readonly igfxOff: PciDevice | undefined;
  readonly strict: boolean;
}

/** @see Linux v7.0 drivers/iommu/intel/iommu.c quirk_iommu_igfx(), quirk_calpella_no_shadow_gtt() */
export const graphicsQuirks = (devices: readonly PciDevice[], kernel: Kernel): GraphicsQuirks => {
  let igfxOff: PciDevice | undefined;
  let strict = false;
  for (const device of devices) {
    const { vendor, device: id = -1 } = device.facts;
    if (vendor !== INTEL || device.untrusted) continue;
    if (EARLY_IGFX_OFF.has(id) || (BROADWELL_IGFX_OFF.has(id) && kernel.has('5.4'))) igfxOff ??= device;
    if (!CALPELLA.has(id)) continue;
    const control = device.description.config && new ConfigSpace(device.description.config).u16(GRAPHICS_CONTROL);
    if (control === undefined) continue;
    if (control & MEMORY_FOR_VTD) strict = true;
    else igfxOff ??= device;
  }
  return { igfxOff, strict };
};
