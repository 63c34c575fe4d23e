import type { RunningMachine } from '@iommu/machine';
import type { ChangedMachine } from './change/apply-change.js';
import { type Change, formatChange } from './change/change.js';
import { type Bounds, isCertain } from './compare-policies.js';
import { compareSides, computedSide, type SideChanges } from './group-sides.js';
import { type DiagnosticReport, uncertain } from './groups-report.js';

/** What changes make of a machine's groups; `what-if.schema.json` of this package describes it. */
export interface WhatIfReport extends SideChanges {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /** `Machine.name`, for people; `null`: the description has none. */
  readonly machine: string | null;
  /** In the words of `parseChange()`. */
  readonly changes: readonly string[];
  /** How many there are before and after all of the changes. */
  readonly groups: { readonly before: number; readonly after: number };
  /** How many there are, with a group or without, before and after all of the changes. */
  readonly devices: { readonly before: number; readonly after: number };
  /** Nothing that is missing from the description could change the groups of either side. */
  readonly certain: boolean;
  /** Devices that have another address. */
  readonly moved: readonly { readonly before: string; readonly after: string }[];
  /**
   * What the changes could only suppose or do not do; what booting found odd only after them; where it is not certain,
   * the facts that groups lack.
   */
  readonly notes: readonly DiagnosticReport[];
}

const diagnosticsOf = (before: RunningMachine, after: RunningMachine, changed: ChangedMachine): DiagnosticReport[] => {
  const known = new Set(before.diagnostics.map(({ message }) => message));
  return [
    ...changed.notes,
    ...after.diagnostics
      .filter(({ message }) => !known.has(message))
      .map(({ severity, code, message }) => ({ severity, code, message })),
  ];
};

/** Devices that are not on PCI keep their names. */
export const otherNames = (before: RunningMachine, after: RunningMachine): (readonly [string, string])[] =>
  before.devices.flatMap(({ bus, name }) => (bus !== 'pci' && after.find(name) ? [[name, name] as const] : []));

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
  const names = new Map([...changed.addresses, ...otherNames(before, after)]);
  const {
    added,
    removed,
    changed: groups,
    ids,
    types,
  } = compareSides(computedSide(before), computedSide(after), names);
  const certain = isCertain(base) && isCertain(other);
  return {
    schema: 1,
    machine: before.machine.name ?? null,
    changes: changes.map(formatChange),
    groups: { before: before.iommu.groups.size, after: after.iommu.groups.size },
    devices: { before: before.devices.length, after: after.devices.length },
    certain,
    moved: [...changed.addresses]
      .filter(([was, now]) => was !== now)
      .map(([was, now]) => ({ before: was, after: now })),
    added,
    removed,
    changed: groups,
    ids,
    types,
    notes: [...diagnosticsOf(before, after, changed), ...(certain ? [] : uncertain(after))],
  };
};

/** Whether groups, or what they are for, are others after a change; numbers alone are not. */
export const isChanged = ({ changed, types }: WhatIfReport): boolean => changed.length > 0 || types.length > 0;
