import { type Partition, sameMembers } from './partition.js';

/** Groups that became others, as far as they hang together. */
export interface PartitionChange {
  /**
   * `split`: one group became several. `merged`: several became one. `grown`, `shrunk`: one has more members, or fewer.
   * `regrouped`: other members in other groups. `lost`, `gained`: devices that only one side has in a group.
   */
  readonly change: 'split' | 'merged' | 'grown' | 'shrunk' | 'regrouped' | 'lost' | 'gained';
  /** The groups concerned, members sorted; a device without a group is in none, so that this is empty for `gained`. */
  readonly before: readonly (readonly string[])[];
  /** What became of them, in the same form; empty for `lost`. */
  readonly after: readonly (readonly string[])[];
  /** Everything that is in one of them. */
  readonly devices: readonly string[];
}

const NO_GROUP: readonly string[] = [];

const isPartOf = (a: readonly string[], b: readonly string[]): boolean => a.every((name) => b.includes(name));

const kindOf = (
  before: readonly (readonly string[])[],
  after: readonly (readonly string[])[],
): PartitionChange['change'] => {
  const [old, ...others] = before;
  const [fresh, ...more] = after;
  if (!old) return 'gained';
  if (!fresh) return 'lost';
  if (others.length === 0 && more.length > 0) return 'split';
  if (others.length > 0) return more.length === 0 ? 'merged' : 'regrouped';
  if (isPartOf(old, fresh)) return 'grown';
  return isPartOf(fresh, old) ? 'shrunk' : 'regrouped';
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

/** What one partition became in another. @param names - In the order in which they are to be told of. */
export const partitionChanges = (names: Iterable<string>, before: Partition, after: Partition): PartitionChange[] => {
  const seen = new Set<string>();
  const changes: PartitionChange[] = [];
  for (const name of names) {
    if (seen.has(name) || sameMembers(before.get(name), after.get(name))) continue;
    const devices = component(name, before, after);
    for (const device of devices) seen.add(device);
    const [old, fresh] = [groupsOf(devices, before), groupsOf(devices, after)];
    changes.push({ change: kindOf(old, fresh), before: old, after: fresh, devices: [...devices] });
  }
  return changes;
};
