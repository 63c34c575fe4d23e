import type { Device } from './device.js';
import type { Group } from './group.js';
import { callDriver, type DeviceState } from './prober.js';
import { insertReservedRegion, type ReservedRegion } from './reserved-regions.js';

const regionsFor = (
  device: Device,
  { driver, chosen }: Partial<DeviceState>,
  group: Group | undefined,
): readonly ReservedRegion[] | undefined => {
  if (!driver || !group || chosen !== group) return undefined;
  return callDriver(driver.name, 'reservedRegions', () => [...driver.bound.reservedRegions(device)]);
};

/**
 * What the drivers of a group's members reserve, up to the first member that no driver has put there.
 *
 * @returns Sorted and merged.
 */
export const driverRegions = (
  members: readonly Device[],
  states: ReadonlyMap<Device, DeviceState>,
  group: Group | undefined,
): readonly ReservedRegion[] => {
  const list: ReservedRegion[] = [];
  for (const device of members) {
    const regions = regionsFor(device, states.get(device) ?? {}, group);
    if (!regions) break;
    for (const region of regions) insertReservedRegion(list, region);
  }
  return list;
};
