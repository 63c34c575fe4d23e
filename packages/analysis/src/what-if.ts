import type { Group } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import type { ChangedMachine } from './change/apply-change.js';
import { type Change, formatChange } from './change/change.js';
import { type Bounds, isCertain, reasonOf } from './compare-policies.js';
import type { DiagnosticReport } from './groups-report.js';
import { type Partition, partitionOf } from './partition.js';
import { type PartitionChange, partitionChanges } from './partition-changes.js';

/** A group of one side. */
export interface WhatIfGroup {
  /** `null`: it depends on what the input does not hold. */
  readonly id: number | null;
  /** Addresses of that side. */
  readonly devices: readonly string[];
}

/** Groups that are others after the change, as far as they hang together. */
export interface WhatIfGroups {
  readonly change: PartitionChange['change'];
  readonly before: readonly WhatIfGroup[];
  readonly after: readonly WhatIfGroup[];
  /** Why each device concerned that is still there is where it is then. */
  readonly reasons: readonly WhatIfReason[];
}

export interface WhatIfReason {
  /** Its address after the change. */
  readonly device: string;
  /** Before; `null`: it was put in. */
  readonly was: string | null;
  readonly reason: string;
}

/** A group that has the same members, with another number or type. */
export interface WhatIfRelabelled<T> {
  readonly before: T;
  readonly after: T;
  /** Addresses after the change. */
  readonly devices: readonly string[];
}

/** What changes make of a machine's groups; `what-if.schema.json` of this package describes it. */
export interface WhatIfReport {
  readonly schema: 1;
  readonly machine: string | null;
  /** In the words of `parseChange()`. */
  readonly changes: readonly string[];
  readonly groups: { readonly before: number; readonly after: number };
  readonly devices: { readonly before: number; readonly after: number };
  /** Nothing that is missing from the description could change the groups of either side. */
  readonly certain: boolean;
  /** Devices that have another address. */
  readonly moved: readonly { readonly before: string; readonly after: string }[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly WhatIfGroups[];
  readonly ids: readonly WhatIfRelabelled<number>[];
  readonly types: readonly WhatIfRelabelled<string>[];
  readonly notes: readonly DiagnosticReport[];
}

/**
 * One name for each device of both sides: its address after the change, for one that is gone the one before with a mark.
 */
class Identities {
  readonly #now: ReadonlyMap<string, string>;
  readonly #was: ReadonlyMap<string, string>;

  constructor(addresses: ReadonlyMap<string, string>, before: RunningMachine, after: RunningMachine) {
    // Devices that are not on PCI keep their names.
    const others = before.devices.filter(({ bus, name }) => bus !== 'pci' && after.find(name)).map(({ name }) => name);
    this.#now = new Map([...addresses, ...others.map((name) => [name, name] as const)]);
    this.#was = new Map([...this.#now].map(([was, now]) => [now, was]));
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

const groupAt = (running: RunningMachine, name: string | null): Group | undefined => {
  const device = name === null ? undefined : running.find(name);
  return device && running.iommu.groups.of(device);
};

const idOf = (running: RunningMachine, group: Group | undefined): number | null =>
  group && running.idIsKnown(group) ? group.id : null;

/** Members of a group under their names, sorted as addresses are. */
const side = (running: RunningMachine, names: readonly string[]): WhatIfGroup => {
  const devices = [...names].sort();
  return { id: idOf(running, groupAt(running, devices[0] ?? null)), devices };
};

const byId = (a: WhatIfGroup, b: WhatIfGroup): number => (a.id ?? Number.MAX_VALUE) - (b.id ?? Number.MAX_VALUE);

/** Groups with the same members on both sides that differ in something else. */
const relabelled = <T>(
  same: readonly (readonly [before: Group, after: Group])[],
  of: (group: Group, isAfter: boolean) => T | null,
): WhatIfRelabelled<T>[] =>
  same.flatMap(([old, fresh]) => {
    const [before, after] = [of(old, false), of(fresh, true)];
    if (before === null || after === null || before === after) return [];
    return [{ before, after, devices: fresh.devices.map(({ name }) => name).sort() }];
  });

const diagnosticsOf = (before: RunningMachine, after: RunningMachine, changed: ChangedMachine): DiagnosticReport[] => {
  const known = new Set(before.diagnostics.map(({ message }) => message));
  return [
    ...changed.notes,
    ...after.diagnostics
      .filter(({ message }) => !known.has(message))
      .map(({ severity, code, message }) => ({ severity, code, message })),
  ];
};

/**
 * What changes make of a machine's groups.
 *
 * @param base - The machine as it is.
 * @param other - The machine with the changes, booted with the rules of the changes.
 * @param changed - What `applyChanges()` made of the machine.
 */
export const whatIf = (
  base: Bounds,
  other: Bounds,
  changed: ChangedMachine,
  changes: readonly Change[],
): WhatIfReport => {
  const [before, after] = [base.running, other.running];
  const identities = new Identities(changed.addresses, before, after);
  const members = (running: RunningMachine, name: (device: string) => string): Partition =>
    partitionOf([...running.iommu.groups].map(({ devices }) => devices.map((device) => name(device.name))));
  const gone = before.devices.map(({ name }) => identities.ofBefore(name)).filter((one) => identities.isGone(one));
  const names = [...after.devices.map(({ name }) => name), ...gone];
  const old = members(before, (name) => identities.ofBefore(name));
  const fresh = members(after, (name) => name);
  const same = [...after.iommu.groups].flatMap((group) => {
    const [first] = group.devices;
    const was = first && groupAt(before, identities.nameBefore(first.name));
    const isSame = was && old.get(first.name)?.join() === fresh.get(first.name)?.join();
    return isSame ? [[was, group] as const] : [];
  });
  return {
    schema: 1,
    machine: before.machine.name ?? null,
    changes: changes.map(formatChange),
    groups: { before: before.iommu.groups.size, after: after.iommu.groups.size },
    devices: { before: before.devices.length, after: after.devices.length },
    certain: isCertain(base) && isCertain(other),
    moved: [...changed.addresses]
      .filter(([was, now]) => was !== now)
      .map(([was, now]) => ({ before: was, after: now })),
    added: after.devices.map(({ name }) => name).filter((name) => identities.nameBefore(name) === null),
    removed: gone.map((one) => identities.nameBefore(one) ?? ''),
    changed: partitionChanges(names, old, fresh).map((change) => ({
      change: change.change,
      before: change.before
        .map((group) =>
          side(
            before,
            group.flatMap((one) => identities.nameBefore(one) ?? []),
          ),
        )
        .sort(byId),
      after: change.after.map((group) => side(after, group)).sort(byId),
      reasons: change.devices
        .filter((one) => !identities.isGone(one))
        .map((device) => ({ device, was: identities.nameBefore(device), reason: reasonOf(after, device) })),
    })),
    ids: relabelled(same, (group, isAfter) => idOf(isAfter ? after : before, group)),
    types: relabelled(same, ({ type }) => type ?? null),
    notes: diagnosticsOf(before, after, changed),
  };
};

/** Whether groups, or what they are for, are others after a change; numbers alone are not. */
export const isChanged = ({ changed, types }: WhatIfReport): boolean => changed.length > 0 || types.length > 0;
