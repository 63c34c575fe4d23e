import type { Device } from './device.js';
import type { BoundDriver, GroupDecision, Refusal, UnitFound } from './driver.js';
import { DriverGroups } from './driver-groups.js';
import { IommuError, isIommuError } from './errors.js';
import type { Group } from './group.js';
import type { GroupTable } from './group-table.js';
import type { Reason } from './reason.js';

/** One driver bound to the machine, under the name that messages use. */
export interface NamedDriver {
  readonly name: string;
  readonly bound: BoundDriver;
}

/** A device, and what became of it. */
export interface DeviceState {
  readonly device: Device;
  /** The first driver that knows the device, and the unit that it named. */
  driver: NamedDriver | undefined;
  found: UnitFound | undefined;
  decision: GroupDecision | undefined;
  /** Why it has no IOMMU. */
  none: Reason | undefined;
  /** The bound kernel driver; `usesDma`: it is counted as a user of the group's default domain. */
  kernelDriver: { readonly name: string; readonly usesDma: boolean } | undefined;
}

export const contractError = (driver: string, what: string, cause?: unknown): IommuError =>
  new IommuError('ERR_DRIVER_CONTRACT', `driver ${driver} ${what}`, { cause });

/** Run a driver's code: what it throws comes out as an IommuError of its own or as a breach of the contract. */
export const callDriver = <T>(driver: string, member: string, call: () => T): T => {
  try {
    return call();
  } catch (error) {
    throw isIommuError(error) ? error : contractError(driver, `threw in ${member}()`, error);
  }
};

/** Ask the drivers in order which unit translates the device; the first that knows it answers. */
export const locate = (state: DeviceState, drivers: readonly NamedDriver[]): void => {
  for (const driver of drivers) {
    const answer = callDriver(driver.name, 'unitOf', () => driver.bound.unitOf(state.device));
    if (!answer) continue;
    state.driver = driver;
    if ('none' in answer) state.none = answer.none;
    else if (driver.bound.units.includes(answer.unit)) state.found = answer;
    else throw contractError(driver.name, `named a unit for ${state.device.name} that is not among its units`);
    return;
  }
};

const isRefusal = (value: GroupDecision | Refusal): value is Refusal => 'errno' in value;

/**
 * Group one device that was located: claim its ids, ask for its group, join.
 *
 * @param keep - Given each reference that the driver wants its unit to hold.
 * @returns The kernel's refusal, with everything undone.
 * @throws `ERR_DRIVER_CONTRACT`, with everything undone.
 */
export const probe = (state: DeviceState, groups: GroupTable, keep: (group: Group) => void): Refusal | undefined => {
  const { device, driver, found } = state;
  if (!driver || !found) return undefined;
  const { name, bound } = driver;
  const claimed = bound.probeDevice && callDriver(name, 'probeDevice', () => bound.probeDevice?.(device, found));
  if (claimed) return claimed;

  const access = new DriverGroups(groups);
  const release = () => callDriver(name, 'releaseDevice', () => bound.releaseDevice?.(device));
  let answer: GroupDecision | Refusal;
  try {
    answer = callDriver(name, 'deviceGroup', () => bound.deviceGroup(device, access));
  } catch (error) {
    access.settle(undefined);
    for (const group of access.takeKept()) groups.put(group);
    release();
    throw error;
  }
  const refusal = isRefusal(answer) ? answer : undefined;
  const decision = refusal ? undefined : (answer as GroupDecision);
  let problem = access.settle(decision?.group);
  if (!problem && decision && !decision.reasons?.length) {
    problem = 'gave no reason';
    groups.put(decision.group);
  }
  if (problem || refusal) {
    for (const group of access.takeKept()) groups.put(group);
    release();
    if (problem) throw contractError(name, `in deviceGroup(${device.name}): ${problem}`);
    return refusal;
  }
  for (const group of access.takeKept()) keep(group);
  groups.adopt((decision as GroupDecision).group, device);
  state.decision = decision;
  return undefined;
};
