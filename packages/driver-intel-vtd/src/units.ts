import type { Device, Diagnostic, IommuUnit, Platform, Reason, UnitRegisters } from '@iommu/core';
import { isPciDevice, type PciDevice, type PciTopology } from '@iommu/pci';
import { type DeviceScope, formatScope } from './device-scope.js';
import type { Andd, Dmar, Drhd } from './dmar.js';
import { graphicsQuirks, isDisplay } from './graphics-quirks.js';
import type { VtdParameters } from './parameters.js';
import { matchScope, scopeTypeMismatch } from './scope-match.js';
import { noAddressWidth } from './vtd-registers.js';

/** One hardware unit of the table, in use or not. */
export interface VtdUnit extends IommuUnit {
  readonly drhd: Drhd;
  readonly registers: UnitRegisters | undefined;
  /** Its name-space devices, by their ACPI paths. */
  readonly namespaceDevices: ReadonlyMap<string, DeviceScope>;
  /** Why Linux leaves the unit alone; the devices that it would own then have no IOMMU. */
  ignored: Reason | undefined;
}

/**
 * The units in the order in which Linux keeps and registers them: those that name their devices first, the last of the
 * table before the others; those for all other devices behind them, in table order. Names follow table order.
 *
 * @see Linux v7.0 drivers/iommu/intel/dmar.c dmar_register_drhd_unit(), dmar_parse_one_drhd()
 */
export const unitsInListOrder = (dmar: Dmar, recorded: readonly UnitRegisters[]): VtdUnit[] => {
  const list: VtdUnit[] = [];
  const seen = new Set<string>();
  for (const drhd of dmar.drhds) {
    // A second structure with the same registers is the same unit: Linux keeps the first.
    const key = `${drhd.segment}:${drhd.registerBase}`;
    if (seen.has(key)) continue;
    const unit: VtdUnit = {
      name: `dmar${seen.size}`,
      drhd,
      registers: recorded.find(({ address }) => address === drhd.registerBase),
      namespaceDevices: namespaceDevices(drhd, dmar.andds),
      ignored: undefined,
    };
    seen.add(key);
    if (drhd.includePciAll) list.push(unit);
    else list.unshift(unit);
  }
  return list;
};

const namespaceDevices = ({ scopes }: Drhd, andds: readonly Andd[]): ReadonlyMap<string, DeviceScope> => {
  const devices = new Map<string, DeviceScope>();
  for (const scope of scopes) {
    const andd = andds.find(({ deviceNumber }) => deviceNumber === scope.enumerationId);
    if (scope.type === 'acpi-namespace' && andd) devices.set(andd.objectName, scope);
  }
  return devices;
};

export const topologyOf = (devices: readonly Device[]): PciTopology | undefined => devices.find(isPciDevice)?.topology;

interface Named {
  readonly scope: DeviceScope;
  readonly device: PciDevice;
}

/** Whom the scopes of structures name, structure by structure; a function named again stays with the first. */
const namedFirst = (
  topology: PciTopology,
  structures: readonly { readonly segment: number; readonly scopes: readonly DeviceScope[] }[],
  report?: (diagnostic: Diagnostic) => void,
): readonly (readonly Named[])[] => {
  const claimed = new Set<PciDevice>();
  return structures.map(({ segment, scopes }) => {
    const named: Named[] = [];
    for (const scope of scopes) {
      const device = matchScope(topology, segment, scope, report);
      if (!device || claimed.has(device)) continue;
      claimed.add(device);
      named.push({ scope, device });
    }
    return named;
  });
};

/**
 * The functions that each unit's scopes name and that are there. One named by several units goes to the first in list
 * order; a unit for all others has none.
 *
 * @see Linux v7.0 drivers/iommu/intel/dmar.c dmar_pci_bus_add_dev()
 */
export const scopeDevices = (
  topology: PciTopology | undefined,
  units: readonly VtdUnit[],
  report?: (diagnostic: Diagnostic) => void,
): ReadonlyMap<VtdUnit, readonly PciDevice[]> => {
  if (!topology) return new Map();
  const explicit = units.filter(({ drhd }) => !drhd.includePciAll);
  const drhds = explicit.map(({ drhd }) => drhd);
  const named = namedFirst(topology, drhds, report).map((list) => list.map(({ device }) => device));
  return new Map(explicit.map((unit, at) => [unit, named[at] ?? []]));
};

/**
 * A scope whose kind contradicts its device: it stops the whole of VT-d at boot. Looks only where Linux does: in the
 * first unit that names a device, in every RMRR, in the first ATSR and SATC; never in what speaks for all devices.
 *
 * @see Linux v7.0 drivers/iommu/intel/dmar.c dmar_pci_bus_add_dev()
 */
export const scopeConflict = (topology: PciTopology | undefined, dmar: Dmar): Reason | undefined => {
  if (!topology) return undefined;
  const explicit = unitsInListOrder(dmar, []).flatMap(({ drhd }) => (drhd.includePciAll ? [] : [drhd]));
  const lists = [explicit, ...dmar.rmrrs.map((rmrr) => [rmrr]), dmar.atsrs.filter(({ flag }) => !flag), dmar.satcs];
  const named = lists.flatMap((structures) => namedFirst(topology, structures)).flat();
  const conflict = named.find(({ scope, device }) => scopeTypeMismatch(scope, device));
  if (!conflict) return undefined;
  const { scope, device } = conflict;
  return {
    rule: 'dmar-scope-type-mismatch',
    text: `The DMAR names ${device.name} as ${scope.type} (scope ${formatScope(scope)}), which its header contradicts; Linux then gives up VT-d altogether.`,
    source: 'dmar_insert_dev_scope()',
    devices: [device],
  };
};

/** Find the units that Linux leaves alone. @see Linux v7.0 drivers/iommu/intel/iommu.c init_no_remapping_devices(); dmar.c alloc_iommu() */
export const markIgnored = (
  units: readonly VtdUnit[],
  platform: Platform,
  parameters: VtdParameters,
): { readonly strict: boolean } => {
  const topology = topologyOf(platform.devices);
  const present = new Set(platform.devices.map(({ firmwareNode }) => firmwareNode));
  const quirks = graphicsQuirks(topology?.devices ?? [], platform.kernel);
  const scopes = scopeDevices(topology, units, platform.report);
  const leavesGraphics = platform.kernel.rule('vtd-graphics-off') !== 'grouped';
  for (const unit of units) {
    const { drhd, registers } = unit;
    if (noAddressWidth(registers)) {
      unit.ignored = ignored(
        unit,
        'no-address-width',
        'its registers name no address width that Linux can use',
        'alloc_iommu()',
      );
      continue;
    }
    if (drhd.includePciAll) continue;
    const named = scopes.get(unit) ?? [];
    const namespace = [...unit.namespaceDevices.keys()].some((path) => present.has(path));
    if (named.length === 0 && !namespace) {
      unit.ignored = ignored(
        unit,
        'no-scope-device',
        'none of the devices that it names is there',
        'init_no_remapping_devices()',
      );
    } else if (leavesGraphics && !namespace && named.every(isDisplay) && (parameters.igfxOff || quirks.igfxOff)) {
      const why = parameters.igfxOff ? 'intel_iommu=igfx_off is given' : `of a quirk of ${quirks.igfxOff?.name}`;
      unit.ignored = ignored(
        unit,
        'graphics-off',
        `it serves graphics only, and because ${why}`,
        'init_no_remapping_devices()',
      );
    }
  }
  return { strict: quirks.strict };
};

const ignored = ({ name, drhd }: VtdUnit, rule: string, why: string, source: string): Reason => ({
  rule: `unit-ignored-${rule}`,
  text: `Unit ${name} (registers at 0x${drhd.registerBase.toString(16)}) is left alone: ${why}.`,
  source,
  devices: [],
});
