import { joinedByHand, unclaimed, waiting } from './core-reasons.js';
import type { IommuUnit } from './driver.js';
import type { Group } from './group.js';
import type { DeviceState } from './prober.js';
import type { Reason } from './reason.js';

/** What became of one device. */
export interface DeviceOutcome {
  /** Lent: no reference is taken. `undefined`: the device has no group. */
  readonly group: Group | undefined;
  /** `undefined`: the device has no group, or is in one that no driver chose for it (`GroupTable.join()`). */
  readonly unit: IommuUnit | undefined;
  /** The ids that it presents to the unit. */
  readonly ids: readonly number[];
  /** Why this group, in the order in which the reasons were weighed; or, without a group, why none: at least one. */
  readonly reasons: readonly Reason[];
}

/** @param group - That the device is in, by whatever way. */
export const outcomeOf = (
  { device, driver, found, chosen, reasons, none }: DeviceState,
  group: Group | undefined,
): DeviceOutcome => {
  if (!group) {
    const reason = none ?? (driver ? waiting(device, driver.name) : unclaimed(device));
    return { group, unit: undefined, ids: [], reasons: [reason] };
  }
  return found && chosen === group
    ? { group, unit: found.unit, ids: found.ids, reasons }
    : { group, unit: undefined, ids: [], reasons: [joinedByHand(device)] };
};
