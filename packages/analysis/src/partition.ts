import type { RunningMachine } from '@iommu/machine';

/** The members of each device's group, sorted, by device; members of one group share one list. */
export type Partition = ReadonlyMap<string, readonly string[]>;

/** @param groups - Members of each group. @returns The partition that they form; each list is sorted. */
export const partitionOf = (groups: Iterable<readonly string[]>): Partition => {
  const partition = new Map<string, readonly string[]>();
  for (const devices of groups) {
    const members = [...devices].sort();
    for (const device of members) partition.set(device, members);
  }
  return partition;
};

/** What a running machine computed. */
export const computedPartition = ({ iommu }: RunningMachine): Partition =>
  partitionOf([...iommu.groups].map(({ devices }) => devices.map(({ name }) => name)));

/** Whether two groups have the same members; no group has none. */
export const sameMembers = (a: readonly string[] = [], b: readonly string[] = []): boolean =>
  a === b || (a.length === b.length && a.every((name, at) => name === b[at]));
