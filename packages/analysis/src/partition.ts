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

/** Whether every group of `fine` lies within a group of `coarse`. */
export const refines = (fine: Partition, coarse: Partition): boolean =>
  [...fine].every(([device, members]) => {
    const around = coarse.get(device);
    return around !== undefined && members.every((member) => around.includes(member));
  });

/** The finest partition that both refine: devices that are together in one of them, or by way of others, are together. */
export const joined = (a: Partition, b: Partition): Partition => {
  const groups = new Map<string, Set<string>>();
  for (const [device, members] of [...a, ...b]) {
    const all = new Set([device, ...members].flatMap((member) => [...(groups.get(member) ?? [member])]));
    for (const member of all) groups.set(member, all);
  }
  return partitionOf([...new Set(groups.values())].map((group) => [...group]));
};

/** The coarsest partition that refines both: devices are together that are so in each. A device that one lacks is left out. */
export const met = (a: Partition, b: Partition): Partition =>
  new Map(
    [...a].flatMap(([device, members]) => {
      const others = b.get(device);
      return others ? [[device, members.filter((member) => others.includes(member))] as const] : [];
    }),
  );
