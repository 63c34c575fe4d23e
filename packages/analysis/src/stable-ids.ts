import type { Device, Group } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice, type PciDevice } from '@iommu/pci';
import { deviceIds } from './device-ids.js';
import { type DiagnosticReport, uncertain } from './groups-report.js';
import { type Place, placesOf, stablePath } from './places.js';

/** A device under a name that other cards do not change. */
export interface StableDevice {
  /** As it is addressed now. */
  readonly device: string;
  /** `0000:00:1c.0/00.0`: the root bus and the device and function numbers from there; of what is not on PCI its name. */
  readonly path: string;
  /** Vendor, device and subsystem: `8086:1521 8086:0001`; `null`: the input does not say, or it is not on PCI. */
  readonly ids: string | null;
  /** `false`: the input does not hold what leads to it, so the path starts at a bus that may have another number. */
  readonly stable: boolean;
}

/** A group under the name of the first of its members by path. */
export interface StableGroup {
  /** That of its first member: `0000:00:1c.0/00.0`. */
  readonly path: string;
  /** `null`: it depends on what the input does not hold. */
  readonly id: number | null;
  /** By path. */
  readonly devices: readonly StableDevice[];
}

/** Groups by path rather than by number; `ids.schema.json` of this package describes it. */
export interface IdsReport {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /** `Machine.name`, for people; `null`: the description has none. */
  readonly machine: string | null;
  /** By path. */
  readonly groups: readonly StableGroup[];
  /** Devices without a group. */
  readonly ungrouped: readonly StableDevice[];
  /** One for each fact that groups rest on and that the input lacks. */
  readonly notes: readonly DiagnosticReport[];
}

const isStable = (places: ReadonlyMap<PciDevice, Place>, device: PciDevice): boolean => {
  const { above, bus } = places.get(device) ?? {};
  return above ? isStable(places, above) : bus?.parentUnknown === false;
};

const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0;

/**
 * Names of devices and groups for configuration that is to survive a new card, which shifts bus numbers and the numbers of
 * groups. A root bus keeps its number as long as firmware gives it that.
 */
export const stableIds = (running: RunningMachine): IdsReport => {
  const places = placesOf(running.topology);
  const named = (device: Device): StableDevice =>
    isPciDevice(device)
      ? {
          device: device.name,
          path: stablePath(places, device),
          ids: deviceIds(device),
          stable: isStable(places, device),
        }
      : { device: device.name, path: device.name, ids: null, stable: true };
  const groupOf = (group: Group): StableGroup => {
    const devices = group.devices.map(named).sort(byPath);
    return { path: devices[0]?.path ?? '', id: running.idIsKnown(group) ? group.id : null, devices };
  };
  const { groups } = running.iommu;
  return {
    schema: 1,
    machine: running.machine.name ?? null,
    groups: [...groups].map(groupOf).sort(byPath),
    ungrouped: running.devices.filter((device) => !groups.of(device)).map(named),
    notes: uncertain(running),
  };
};
