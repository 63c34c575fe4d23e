import type { RunningMachine } from '@iommu/machine';
import { type Bounds, isCertain, reasonOf } from '../compare-policies.js';
import {
  compareSides,
  computedSide,
  Identities,
  type Side,
  type WhatIfGroups,
  type WhatIfRelabelled,
} from '../group-sides.js';
import { type DiagnosticReport, uncertain } from '../groups-report.js';
import { computedPartition, partitionOf, sameMembers } from '../partition.js';
import { otherNames } from '../what-if.js';
import { Causes } from './causes.js';
import type { Difference } from './differences.js';
import { type MatchBy, type MatchedDevice, matchDevices } from './match-devices.js';
import { Parts, type PartsOptions } from './parts.js';

/** Something in which the dumps differ, and whether groups are others by it. */
export interface TriedDifference extends Difference {
  /** Whether it is a cause of a changed group or type; nothing is where the model does not have what was observed. */
  readonly matters: boolean;
}

/** Two dumps of one machine, or of two; `diff.schema.json` of this package describes it. */
export interface DiffReport {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /** `Machine.name` of each dump, for people; `null`: the dump has none. */
  readonly machines: { readonly before: string | null; readonly after: string | null };
  /** How devices were told to be the same, as asked for; default `path`. */
  readonly by: MatchBy;
  /** Groups as the kernels had them, where both dumps show that, or as computed. */
  readonly source: 'observed' | 'computed';
  /** Nothing that is missing from the dumps could change the groups compared. */
  readonly certain: boolean;
  /** How many there are on each side, observed or computed as `source` says. */
  readonly groups: { readonly before: number; readonly after: number };
  /** How many there are on each side; of observed groups also members that the dump does not describe. */
  readonly devices: { readonly before: number; readonly after: number };
  /** In which the dumps differ besides groups, as far as they say. */
  readonly differences: readonly TriedDifference[];
  /** The same devices in the same places, under other addresses. */
  readonly renumbered: readonly MatchedDevice[];
  /**
   * The same device in another place; what came along with the bridge or function that it hangs on is not told of. By
   * `path` only.
   */
  readonly moved: readonly MatchedDevice[];
  /**
   * Other ids in the same place: a device of the same kind by `path`, any at the same address by `address`. Not by
   * `id`.
   */
  readonly replaced: readonly MatchedDevice[];
  /** Devices that the first dump does not have, by their names in the second. */
  readonly added: readonly string[];
  /** Devices that the second dump does not have, by their names in the first. */
  readonly removed: readonly string[];
  /** Causes are places in `differences`: each tried on the model. */
  readonly changed: readonly (WhatIfGroups & { readonly causes: readonly number[] })[];
  /** Groups of the same members with another number. */
  readonly ids: readonly WhatIfRelabelled<number>[];
  /** Groups of the same members with another type of default domain; causes as in `changed`. */
  readonly types: readonly (WhatIfRelabelled<string> & { readonly causes: readonly number[] })[];
  /** Facts that computed groups of either dump lack; empty where `certain`. */
  readonly notes: readonly DiagnosticReport[];
}

/** How two dumps are compared. */
export interface DiffOptions extends PartsOptions {
  /** Default `path`. */
  readonly by?: MatchBy;
  /** Compare computed groups also where both dumps show what their kernels formed. */
  readonly computed?: boolean;
}

/** The groups that a kernel formed, with the model's reasons where it has the same. */
const observedSide = (running: RunningMachine): Side | undefined => {
  const { observed } = running.machine;
  if (!observed) return undefined;
  const [seen, computed] = [partitionOf(observed.groups.map(({ devices }) => devices)), computedPartition(running)];
  const known = running.devices.map(({ name }) => name);
  const isKnown = new Set(known);
  return {
    devices: [...known, ...[...seen.keys()].filter((name) => !isKnown.has(name))],
    groups: observed.groups.map(({ id, type, devices }) => ({ id, type: type ?? null, devices })),
    reasonOf: (name) =>
      isKnown.has(name) && sameMembers(seen.get(name), computed.get(name))
        ? reasonOf(running, name)
        : 'The model does not have it in this group; iommu check shows where.',
  };
};

const sidesOf = (base: Bounds, changed: Bounds, computed: boolean) => {
  const [before, after] = [base, changed].map(({ running }) => (computed ? undefined : observedSide(running)));
  if (before && after) return { source: 'observed', before, after } as const;
  return { source: 'computed', before: computedSide(base.running), after: computedSide(changed.running) } as const;
};

/** Devices of which only groups are known keep their names. */
const undescribed = (side: Side, running: RunningMachine, there: ReadonlySet<string>): (readonly [string, string])[] =>
  side.devices.flatMap((name) => (!running.find(name) && there.has(name) ? [[name, name] as const] : []));

/**
 * What became of a machine's groups from one dump to another, and why, as far as the dumps show it: every difference
 * between them was tried on the model, taken over alone, and taken back alone.
 *
 * @param base - Under its own kernel, as is `changed`.
 */
export const diff = (base: Bounds, changed: Bounds, options: DiffOptions): DiffReport => {
  const { by = 'path', computed = false } = options;
  const [a, b] = [base.running, changed.running];
  const matching = matchDevices(a, b, by);
  const { source, before, after } = sidesOf(base, changed, computed);
  const names = new Map([...matching.names, ...otherNames(a, b), ...undescribed(before, a, new Set(after.devices))]);
  const { added, removed, changed: groups, ids, types } = compareSides(before, after, names);
  const identities = new Identities(names);
  const causes = new Causes(
    new Parts(base, changed, matching, options),
    { before, after },
    { before: a, after: b },
    identities,
  );
  const found = groups.map((one) => {
    const concerned = [
      ...one.before.flatMap(({ devices }) => devices).map((name) => identities.ofBefore(name)),
      ...one.after.flatMap(({ devices }) => devices),
    ];
    return { ...one, by: causes.ofGroups([...new Set(concerned)]) };
  });
  const retyped = types.map((one) => ({ ...one, by: causes.ofType(one.devices[0] ?? '') }));
  const deciding = new Set([...found, ...retyped].flatMap((one) => one.by));
  const told = causes.parts
    .flatMap(({ differences, isMinor }) => differences.map((one) => ({ one, isMinor })))
    .filter(({ one, isMinor }) => !isMinor || deciding.has(one))
    .map(({ one }) => one);
  const withCauses = <T extends { readonly by: readonly Difference[] }>({ by: own, ...rest }: T) => ({
    ...rest,
    causes: own.map((one) => told.indexOf(one)),
  });
  const elsewhere = new Set([...matching.moved, ...matching.replaced].map((one) => one.before));
  const certain = source === 'observed' || (isCertain(base) && isCertain(changed));
  return {
    schema: 1,
    machines: { before: a.machine.name ?? null, after: b.machine.name ?? null },
    by,
    source,
    certain,
    groups: { before: before.groups.length, after: after.groups.length },
    devices: { before: before.devices.length, after: after.devices.length },
    differences: told.map((one) => ({ ...one, matters: deciding.has(one) })),
    renumbered: [...matching.names]
      .filter(([was, now]) => was !== now && !elsewhere.has(was))
      .map(([was, now]) => ({ before: was, after: now })),
    moved: matching.moved,
    replaced: matching.replaced,
    added,
    removed,
    changed: found.map(withCauses),
    ids,
    types: retyped.map(withCauses),
    notes: certain ? [] : [...uncertain(a), ...uncertain(b)],
  };
};

/** Whether anything but addresses and numbers of groups is another. */
export const hasChanges = ({ changed, types, added, removed, moved, replaced }: DiffReport): boolean =>
  [changed, types, added, removed, moved, replaced].some(({ length }) => length > 0);
