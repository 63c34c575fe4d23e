import type { AssumedFirmware, Device } from '@iommu/core';
import { isPciDevice, type PciBus, type PciDevice } from '@iommu/pci';
import { type UnitSketch, writeIvrs } from './write-ivrs.js';

const AMD = 0x1022;
/** Of older chipsets: their tables name the host bridge too, and not the processor's own functions from 00:18.0 on. */
const ATI = 0x1002;
const PROCESSOR = 0x18 << 3;
const IOMMU_CLASS = 0x0806;

/** Guest translation and page requests, interrupt remapping, counters: what every unit since 2017 has. */
const USUAL_FEATURES = 0x2d2n;
const LAST_ID = 0xfffe;

const isUnit = ({ facts }: PciDevice): boolean =>
  (facts.vendor === AMD || facts.vendor === ATI) &&
  facts.classCode !== undefined &&
  facts.classCode >>> 8 === IOMMU_CLASS;

const rootBusOf = ({ pciBus }: PciDevice): number => {
  let bus: PciBus = pciBus;
  while (bus.parent) bus = bus.parent;
  return bus.number;
};

/** From the function after the unit up to the next unit's root bus. */
const sketch = (unit: PciDevice, next: PciDevice | undefined): UnitSketch => {
  const first = rootBusOf(unit) << 8;
  const last = next ? (rootBusOf(next) << 8) - 1 : LAST_ID;
  const ranges =
    unit.facts.vendor === ATI
      ? [
          { first, last: first + PROCESSOR - 1 },
          { first: first + 0x100, last },
        ]
      : [{ first: unit.rid + 1, last }];
  return {
    deviceId: unit.rid,
    segment: unit.segment,
    efr: USUAL_FEATURES,
    efr2: 0n,
    entries: ranges.map((range) => ({ kind: 'range', ...range })),
  };
};

/**
 * The IVRS that a usual AMD machine would have: a unit for each function that is an IOMMU, which takes what follows it.
 * Of several units the highest comes first, as servers have them. Memory regions are not supposed.
 */
export const assumeIvrs = (devices: readonly Device[]): AssumedFirmware | undefined => {
  const units = devices
    .filter(isPciDevice)
    .filter((device) => isUnit(device) && device.segment <= 0xffff)
    .sort((a, b) => a.key - b.key);
  if (units.length === 0) return undefined;
  const sketches = units.map((unit, at) => {
    const next = units[at + 1];
    return sketch(unit, next?.segment === unit.segment ? next : undefined);
  });
  const names = units.map(({ name }) => name).join(', ');
  return {
    acpi: { IVRS: writeIvrs({ units: sketches.reverse() }) },
    text: `an AMD-Vi unit at ${names} for the functions after it, without reserved memory`,
  };
};
