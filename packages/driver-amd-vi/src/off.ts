import type { BoundDriver, Platform, Reason } from '@iommu/core';
import { isPciDevice, type PciDevice } from '@iommu/pci';
import type { AmdParameters } from './parameters.js';
import { type AmdUnit, MOST_UNITS } from './units.js';

const AMD_GRAPHICS = 0x1002;
const STONEY_RIDGE = 0x98e4;
const IO_APIC = 1;
const HPET = 2;

/** Present, but not in use: no device has an IOMMU, and this is why. */
export const off = (reason: Reason, busFeatures: readonly string[]): BoundDriver => ({
  units: [],
  busFeatures,
  unitOf: () => ({ none: reason }),
  deviceGroup: () => ({ errno: 'ENODEV', reason }),
  reservedRegions: () => [],
});

/** Graphics whose screen flickers when its DMA is translated; looked for in function 0 of each slot of bus 0. */
const isStoneyRidge = ({ facts, segment, rid }: PciDevice): boolean =>
  segment === 0 && rid >> 8 === 0 && (rid & 7) === 0 && facts.vendor === AMD_GRAPHICS && facts.device === STONEY_RIDGE;

/**
 * What keeps Linux from looking into the table. ACS is asked for all the same, unless the table does not even count as
 * found.
 *
 * @see Linux v7.0 drivers/iommu/amd/init.c amd_iommu_detect(), detect_ivrs()
 */
export const whyOff = ({ kernel, devices }: Platform, parameters: AmdParameters): BoundDriver | undefined => {
  const stoney =
    !parameters.forced && kernel.has('5.6')
      ? devices.find((device) => isPciDevice(device) && isStoneyRidge(device))
      : undefined;
  if (parameters.off === 'iommu=off') return off(disabled('iommu=off', 'amd_iommu_detect()'), []);
  if (stoney) {
    const text = `AMD-Vi is switched off: the graphics ${stoney.name} (Stoney Ridge) does not work with it.`;
    return off({ rule: 'amdvi-off-by-quirk', text, source: 'detect_ivrs()', devices: [stoney] }, []);
  }
  return parameters.off && off(disabled(parameters.off, 'state_next()'), ['pci-acs']);
};

const disabled = (cause: string, source: string): Reason => ({
  rule: 'amdvi-disabled',
  text: `AMD-Vi is switched off: ${cause}.`,
  source,
  devices: [],
});

/** What in the table makes Linux give up all units. @see Linux v7.0 drivers/iommu/amd/init.c init_iommu_one(), iommu_init_pci() */
export const whyUnusable = (units: readonly AmdUnit[]): Reason | undefined => {
  const reason = (rule: string, text: string, source: string): Reason => ({ rule, text, source, devices: [] });
  if (units.length === 0) return reason('ivrs-no-unit', 'The IVRS names no unit.', 'init_iommu_all()');
  if (units.length > MOST_UNITS) {
    const text = `The IVRS names ${units.length} units, and Linux, which has room for ${MOST_UNITS}, gives up all.`;
    return reason('ivrs-too-many-units', text, 'init_iommu_one()');
  }
  for (const { name, ivhd } of units) {
    const odd = ivhd.entries.find(
      (entry) => entry.kind === 'special' && entry.variety !== IO_APIC && entry.variety !== HPET,
    );
    if (!odd) continue;
    const text = `The IVRS names a special device of ${name} that is neither I/O APIC nor HPET, and Linux gives up all units.`;
    return reason('ivrs-special-device', text, 'add_special_device()');
  }
  const absent = units.find(({ device }) => !device);
  if (!absent) return undefined;
  const text = `The PCI function of ${absent.name} is not there, and Linux gives up all units.`;
  return reason('ivrs-unit-absent', text, 'iommu_init_pci()');
};
