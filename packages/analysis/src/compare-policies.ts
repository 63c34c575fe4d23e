import type { RunningMachine } from '@iommu/machine';
import { partitionIsCertain } from './check.js';
import { computedPartition, type Partition, sameMembers } from './partition.js';

/** Groups that became others, as far as they hang together. */
export interface GroupChange {
  /**
   * `split`: one group became several. `merged`: several became one. `regrouped`: several became several others.
   * `lost`, `gained`: devices that only one side has in a group.
   */
  readonly change: 'split' | 'merged' | 'regrouped' | 'lost' | 'gained';
  /** The groups concerned, members sorted; a device without a group is in none. */
  readonly before: readonly (readonly string[])[];
  readonly after: readonly (readonly string[])[];
  /** Why each device concerned is where it is now. */
  readonly reasons: readonly { readonly device: string; readonly reason: string }[];
}

/** What another set of rules makes of one machine; `comparison.schema.json` of this package describes it. */
export interface ComparisonReport {
  readonly schema: 1;
  readonly machine: string | null;
  /** Number of groups under either set of rules. */
  readonly groups: { readonly before: number; readonly after: number };
  readonly devices: number;
  /** Nothing that is missing from the description could change the groups of either side. */
  readonly certain: boolean;
  readonly changes: readonly GroupChange[];
}

const NO_GROUP: readonly string[] = [];

const kindOf = (before: number, after: number): GroupChange['change'] => {
  if (before === 0) return 'gained';
  if (after === 0) return 'lost';
  if (before === 1 && after > 1) return 'split';
  return before > 1 && after === 1 ? 'merged' : 'regrouped';
};

/** Everything that hangs together with a device over groups of either side. */
const component = (from: string, before: Partition, after: Partition): Set<string> => {
  const reached = new Set([from]);
  // A set is visited in the order of insertion, and what is added meanwhile too.
  for (const device of reached) {
    for (const other of before.get(device) ?? NO_GROUP) reached.add(other);
    for (const other of after.get(device) ?? NO_GROUP) reached.add(other);
  }
  return reached;
};

const groupsOf = (devices: ReadonlySet<string>, partition: Partition): (readonly string[])[] => {
  const groups = new Set<readonly string[]>();
  for (const device of devices) {
    const group = partition.get(device);
    if (group) groups.add(group);
  }
  return [...groups];
};

const reasonOf = (running: RunningMachine, device: string): string =>
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

const isCertain = ({ running, optimistic }: Bounds): boolean =>
  running === optimistic || partitionIsCertain(running, optimistic);

/**
 * What another set of rules makes of a machine.
 *
 * @param base - Under the rules to compare with.
 * @param other - The same machine under the rules in question.
 */
export const comparePolicies = (base: Bounds, other: Bounds): ComparisonReport => {
  const [before, after] = [base.running, other.running];
  const [old, fresh] = [computedPartition(before), computedPartition(after)];
  const seen = new Set<string>();
  const changes: GroupChange[] = [];
  for (const { name } of after.devices) {
    if (seen.has(name) || sameMembers(old.get(name), fresh.get(name))) continue;
    const devices = component(name, old, fresh);
    for (const device of devices) seen.add(device);
    const [groupsBefore, groupsAfter] = [groupsOf(devices, old), groupsOf(devices, fresh)];
    changes.push({
      change: kindOf(groupsBefore.length, groupsAfter.length),
      before: groupsBefore,
      after: groupsAfter,
      reasons: [...devices].map((device) => ({ device, reason: reasonOf(after, device) })),
    });
  }
  return {
    schema: 1,
    machine: after.machine.name ?? null,
    groups: { before: before.iommu.groups.size, after: after.iommu.groups.size },
    devices: after.devices.length,
    certain: isCertain(base) && isCertain(other),
    changes,
  };
};
