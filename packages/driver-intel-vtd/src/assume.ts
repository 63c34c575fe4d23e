import type { AssumedFirmware, Device } from '@iommu/core';
import { functionOf, isPciDevice, type PciDevice, slotOf } from '@iommu/pci';
import { isDisplay } from './graphics-quirks.js';
import { type UnitSketch, writeDmar } from './write-dmar.js';

const INTEL = 0x8086;
const GRAPHICS_UNIT = 0xfed90000n;
const FIRST_UNIT = 0xfed91000n;
const UNIT_SIZE = 0x1000n;

/** Built-in graphics, which client machines give a unit of their own. */
const isBuiltInGraphics = (device: PciDevice): boolean =>
  isDisplay(device) && device.facts.vendor === INTEL && device.pciBus.parent === undefined;

const unitOfItsOwn = ({ segment, rid }: PciDevice): UnitSketch => ({
  registerBase: GRAPHICS_UNIT,
  segment,
  scopes: [{ type: 'endpoint', startBus: rid >> 8, path: [{ device: slotOf(rid), function: functionOf(rid) }] }],
});

/**
 * The DMAR that a usual Intel machine would have: one unit for all, and one of its own for built-in graphics. Memory
 * regions are not supposed.
 */
export const assumeDmar = (devices: readonly Device[]): AssumedFirmware | undefined => {
  const functions = devices.filter(isPciDevice);
  const host = functions.find(({ segment, rid }) => segment === 0 && rid === 0) ?? functions[0];
  if (host?.facts.vendor !== INTEL) return undefined;
  const segments = [...new Set(functions.map(({ segment }) => segment).filter((segment) => segment <= 0xffff))];
  const graphics = functions.find(isBuiltInGraphics);
  const units = segments.map((segment, at) => ({ registerBase: FIRST_UNIT + BigInt(at) * UNIT_SIZE, segment }));
  const text = graphics
    ? `one VT-d unit for ${graphics.name} and one for all other devices, without reserved memory`
    : 'one VT-d unit for all devices, without reserved memory';
  return { acpi: { DMAR: writeDmar({ units: [...(graphics ? [unitOfItsOwn(graphics)] : []), ...units] }) }, text };
};
