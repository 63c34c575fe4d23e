import type { Contested } from './contested.js';
import type { Device } from './device.js';
import type { BoundDriver, GroupDecision, IommuUnit, Refusal, UnitFound, UnitNone } from './driver.js';
import { DriverGroups } from './driver-groups.js';
import { IommuError, isIommuError } from './errors.js';
import type { Group } from './group.js';
import type { GroupTable } from './group-table.js';
import type { Reason } from './reason.js';
import { runAll } from './run-all.js';

/** One driver bound to the machine, under the name that messages use. */
export interface NamedDriver {
  /** `IommuDriver.name`: `intel-vtd`. */
  readonly name: string;
  /** What its `bind()` returned; called once for the machine. */
  readonly bound: BoundDriver;
  /** `bound.units`, to look one up among many. */
  readonly units: ReadonlySet<IommuUnit>;
}

/** A device, and what became of it. */
export interface DeviceState {
  readonly device: Device;
  /** The first driver that knows the device, and the unit that it named. */
  driver: NamedDriver | undefined;
  found: UnitFound | undefined;
  /** The group that the driver chose, and why. */
  chosen: Group | undefined;
  reasons: readonly Reason[];
  /** Why it has no IOMMU. */
  none: Reason | undefined;
  /** The bound kernel driver; `usesDma`: it is counted as a user of the group's default domain. */
  kernelDriver: { readonly name: string; readonly usesDma: boolean } | undefined;
}

export const NO_REASONS: readonly Reason[] = [];

export const newState = (device: Device): DeviceState => ({
  device,
  driver: undefined,
  found: undefined,
  chosen: undefined,
  reasons: NO_REASONS,
  none: undefined,
  kernelDriver: undefined,
});

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

/** Asked of a driver that does not decide: what it gets wrong here changes nothing. */
const wouldTranslate = ({ bound }: NamedDriver, device: Device): boolean => {
  try {
    return (bound.unitOf(device) as Partial<UnitFound> | undefined)?.unit !== undefined;
  } catch {
    return false;
  }
};

/**
 * Ask the drivers in order which unit translates the device; the first that knows it answers.
 *
 * @param contested - Told of every driver after it that would translate the device, too.
 */
export const locate = (state: DeviceState, drivers: readonly NamedDriver[], contested: Contested): void => {
  const { device } = state;
  let first: NamedDriver | undefined;
  for (const driver of drivers) {
    if (first) {
      if (wouldTranslate(driver, device)) contested.note(device, first.name, driver.name);
      continue;
    }
    const answer = callDriver(driver.name, 'unitOf', () => driver.bound.unitOf(device));
    if (!answer) continue;
    const { none, unit } = answer as Partial<UnitNone & UnitFound>;
    first = driver;
    state.driver = driver;
    if (none) state.none = none;
    else if (unit && driver.units.has(unit)) state.found = answer as UnitFound;
    else throw contractError(driver.name, `named a unit for ${device.name} that is not among its units`);
  }
};

const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && 'errno' in value && 'reason' in value;

/** What a decision lacks; its reference was given back then. */
const gap = (decision: Partial<GroupDecision> | undefined, groups: GroupTable): string | undefined => {
  if (!decision?.group) return 'returned no group';
  if (decision.reasons?.length) return undefined;
  runAll([() => groups.put(decision.group)]);
  return 'gave no reason';
};

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
  if (claimed) {
    if (isRefusal(claimed)) return claimed;
    throw contractError(name, `in probeDevice(${device.name}): returned neither a refusal nor undefined`);
  }

  const access = new DriverGroups(groups);
  const undo = (): unknown =>
    runAll([
      ...access.takeKept().map((group) => () => groups.put(group)),
      () => callDriver(name, 'releaseDevice', () => bound.releaseDevice?.(device)),
    ]);
  let answer: GroupDecision | Refusal;
  try {
    answer = callDriver(name, 'deviceGroup', () => bound.deviceGroup(device, access));
  } catch (error) {
    access.settle(undefined);
    undo();
    throw error;
  }
  const refusal = isRefusal(answer) ? answer : undefined;
  const decision = refusal ? undefined : (answer as GroupDecision | undefined);
  let problem = access.settle(decision?.group);
  if (!problem && !refusal) problem = gap(decision, groups);
  if (problem || refusal) {
    const failure = undo();
    if (problem) throw contractError(name, `in deviceGroup(${device.name}): ${problem}`);
    if (failure !== undefined) throw failure;
    return refusal;
  }
  for (const group of access.takeKept()) keep(group);
  const { group, reasons } = decision as GroupDecision;
  state.chosen = group;
  state.reasons = reasons;
  groups.adopt(group, device);
  return undefined;
};
