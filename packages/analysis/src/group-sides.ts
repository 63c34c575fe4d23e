import type { RunningMachine } from '@iommu/machine';
import { reasonOf } from './compare-policies.js';
import { type Partition, partitionOf } from './partition.js';
import { type PartitionChange, partitionChanges } from './partition-changes.js';

/** A group of a machine in one state. */
interface SideGroup {
  /** `null`: it depends on what the input does not hold. */
  readonly id: number | null;
  /** `null`: the input does not say. */
  readonly type: string | null;
  readonly devices: readonly string[];
}

/** A machine in one of two states that are compared. */
export interface Side {
  /** Names of all devices, in the order in which they are to be told of. */
  readonly devices: readonly string[];
  readonly groups: readonly SideGroup[];
  /** Why a device is where it is. */
  readonly reasonOf: (device: string) => string;
}

/** A group of one side. */
export interface WhatIfGroup {
  /** `null`: it depends on what the input does not hold. */
  readonly id: number | null;
  /** Addresses of that side. */
  readonly devices: readonly string[];
}

/** Groups that are others on the other side, as far as they hang together. */
export interface WhatIfGroups {
  /**
   * `split`: one group became several. `merged`: several became one. `grown`, `shrunk`: one has more members, or fewer.
   * `regrouped`: other members in other groups. `lost`, `gained`: devices that only one side has in a group.
   */
  readonly change: PartitionChange['change'];
  /** By number, one that is not known last; empty where devices only gained a group. */
  readonly before: readonly WhatIfGroup[];
  /** In the same order; empty where devices only lost theirs. */
  readonly after: readonly WhatIfGroup[];
  /** Why each device concerned that is still there is where it is then. */
  readonly reasons: readonly WhatIfReason[];
}

/** Why one device is in its group after the change. */
export interface WhatIfReason {
  /** Its address after the change. */
  readonly device: string;
  /** Before; `null`: it was put in. */
  readonly was: string | null;
  /**
   * All that was recorded, one sentence after the other; where the model does not have the group that was observed,
   * only that it does not.
   */
  readonly reason: string;
}

/** A group that has the same members, with another number or type. */
export interface WhatIfRelabelled<T> {
  /** A number, or a type such as `DMA-FQ`. Groups of which a side does not know it are left out. */
  readonly before: T;
  /** Always another than `before`. */
  readonly after: T;
  /** Addresses after the change. */
  readonly devices: readonly string[];
}

/** What differs between two sides. */
export interface SideChanges {
  /** Devices that only the later side has, by their names there. */
  readonly added: readonly string[];
  /** Devices that only the earlier side has, by their names there. */
  readonly removed: readonly string[];
  /** Groups whose members are others; empty: the same devices share groups on both sides. */
  readonly changed: readonly WhatIfGroups[];
  /** Groups of the same members with another number. */
  readonly ids: readonly WhatIfRelabelled<number>[];
  /** Groups of the same members with another type of default domain. */
  readonly types: readonly WhatIfRelabelled<string>[];
}

/** The groups that a machine computed. */
export const computedSide = (running: RunningMachine): Side => ({
  devices: running.devices.map(({ name }) => name),
  groups: [...running.iommu.groups].map((group) => ({
    id: running.idIsKnown(group) ? group.id : null,
    type: group.type ?? null,
    devices: group.devices.map(({ name }) => name),
  })),
  reasonOf: (device) => reasonOf(running, device),
});

/** One name for each device of both sides: that after the change, for one that is gone the one before with a mark. */
export class Identities {
  readonly #now: ReadonlyMap<string, string>;
  readonly #was: ReadonlyMap<string, string>;

  /** @param names - From the name before to the one after, of everything that both sides have. */
  constructor(names: ReadonlyMap<string, string>) {
    this.#now = names;
    this.#was = new Map([...names].map(([was, now]) => [now, was]));
  }

  ofBefore(name: string): string {
    return this.#now.get(name) ?? `-${name}`;
  }

  isGone(identity: string): boolean {
    return identity.startsWith('-');
  }

  nameBefore(identity: string): string | null {
    return this.isGone(identity) ? identity.slice(1) : (this.#was.get(identity) ?? null);
  }
}

/** The partition of a side, every device under another name. */
export const partitionAs = ({ groups }: Pick<Side, 'groups'>, name: (device: string) => string): Partition =>
  partitionOf(groups.map(({ devices }) => devices.map(name)));

const groupsByDevice = ({ groups }: Side): ReadonlyMap<string, SideGroup> =>
  new Map(groups.flatMap((group) => group.devices.map((device) => [device, group] as const)));

const byId = (a: WhatIfGroup, b: WhatIfGroup): number => (a.id ?? Number.MAX_VALUE) - (b.id ?? Number.MAX_VALUE);

/** Groups with the same members on both sides that differ in something else. */
const relabelled = <T>(
  same: readonly (readonly [before: SideGroup, after: SideGroup])[],
  of: (group: SideGroup) => T | null,
): WhatIfRelabelled<T>[] =>
  same.flatMap(([old, fresh]) => {
    const [before, after] = [of(old), of(fresh)];
    if (before === null || after === null || before === after) return [];
    return [{ before, after, devices: [...fresh.devices].sort() }];
  });

/** @param names - From the name before to the one after, of everything that both sides have. */
export const compareSides = (before: Side, after: Side, names: ReadonlyMap<string, string>): SideChanges => {
  const identities = new Identities(names);
  const gone = before.devices.map((name) => identities.ofBefore(name)).filter((one) => identities.isGone(one));
  const old = partitionAs(before, (name) => identities.ofBefore(name));
  const fresh = partitionAs(after, (name) => name);
  const [groupBefore, groupAfter] = [groupsByDevice(before), groupsByDevice(after)];
  /** Members of a group under their names, sorted as addresses are. */
  const side = (groups: ReadonlyMap<string, SideGroup>, list: readonly string[]): WhatIfGroup => {
    const devices = [...list].sort();
    return { id: groups.get(devices[0] ?? '')?.id ?? null, devices };
  };
  const same = after.groups.flatMap((group) => {
    const [first = ''] = group.devices;
    const was = groupBefore.get(identities.nameBefore(first) ?? '');
    return was && old.get(first)?.join() === fresh.get(first)?.join() ? [[was, group] as const] : [];
  });
  const nameBefore = (one: string): string[] => {
    const name = identities.nameBefore(one);
    return name === null ? [] : [name];
  };
  return {
    added: after.devices.filter((name) => identities.nameBefore(name) === null),
    removed: gone.flatMap(nameBefore),
    changed: partitionChanges([...after.devices, ...gone], old, fresh).map((change) => ({
      change: change.change,
      before: change.before.map((group) => side(groupBefore, group.flatMap(nameBefore))).sort(byId),
      after: change.after.map((group) => side(groupAfter, group)).sort(byId),
      reasons: change.devices
        .filter((one) => !identities.isGone(one))
        .map((device) => ({ device, was: identities.nameBefore(device), reason: after.reasonOf(device) })),
    })),
    ids: relabelled(same, ({ id }) => id),
    types: relabelled(same, ({ type }) => type),
  };
};
