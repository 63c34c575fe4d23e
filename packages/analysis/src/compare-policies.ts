import type { RunningMachine } from '@iommu/machine';
import { partitionIsCertain } from './check.js';
import { computedPartition } from './partition.js';
import { type PartitionChange, partitionChanges } from './partition-changes.js';

/** Groups that became others, as far as they hang together. */
export interface GroupChange extends Omit<PartitionChange, 'devices'> {
  /** Why each device concerned is where it is now. */
  readonly reasons: readonly { readonly device: string; readonly reason: string }[];
}

/** What another set of rules makes of one machine; `comparison.schema.json` of this package describes it. */
export interface ComparisonReport {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /** `Machine.name`, for people; `null`: the description has none. */
  readonly machine: string | null;
  /** Number of groups under either set of rules. */
  readonly groups: { readonly before: number; readonly after: number };
  /** How many the machine has, with a group or without. */
  readonly devices: number;
  /** Nothing that is missing from the description could change the groups of either side. */
  readonly certain: boolean;
  /** Empty: the same devices share groups under both. Numbers and types of groups are not compared. */
  readonly changes: readonly GroupChange[];
}

/** All that was recorded of why a device is where it is, as one text. */
export const reasonOf = (running: RunningMachine, device: string): string =>
  running
    .outcomeOf(running.device(device))
    .reasons.map(({ text }) => text)
    .join(' ');

/** A machine under one set of rules. */
export interface Bounds {
  /** Booted with unknown facts taken pessimistically. */
  readonly running: RunningMachine;
  /** The same booted optimistically; may be the same object where nothing is unknown. */
  readonly optimistic: RunningMachine;
}

/** Whether nothing that is missing from the description could change the groups. */
export const isCertain = ({ running, optimistic }: Bounds): boolean =>
  running === optimistic ? running.contested.size === 0 : partitionIsCertain(running, optimistic);

/**
 * What another set of rules makes of a machine.
 *
 * @param base - Under the rules to compare with.
 * @param other - The same machine under the rules in question.
 */
export const comparePolicies = (base: Bounds, other: Bounds): ComparisonReport => {
  const [before, after] = [base.running, other.running];
  const names = after.devices.map(({ name }) => name);
  return {
    schema: 1,
    machine: after.machine.name ?? null,
    groups: { before: before.iommu.groups.size, after: after.iommu.groups.size },
    devices: after.devices.length,
    certain: isCertain(base) && isCertain(other),
    changes: partitionChanges(names, computedPartition(before), computedPartition(after)).map(
      ({ devices, ...change }) => ({
        ...change,
        reasons: devices.map((device) => ({ device, reason: reasonOf(after, device) })),
      }),
    ),
  };
};
