import { type BoundDriver, type Device, formatReservedRegion } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';

/** Who is with whom: for each grouped device, by name, the names of all members in their order. */
export type Partition = ReadonlyMap<string, readonly string[]>;

export const partitionOf = ({ iommu }: RunningMachine): Partition => {
  const partition = new Map<string, readonly string[]>();
  for (const { devices } of iommu.groups) {
    const names = devices.map(({ name }) => name).sort();
    for (const name of names) partition.set(name, names);
  }
  return partition;
};

/** A partition as text, to compare and to show: a group a line. */
export const partitionText = (partition: Partition): string =>
  [...new Set([...partition.values()].map((names) => names.join(' ')))].sort().join('; ');

/** The driver as it was bound to the machine; `undefined`: it found nothing of its kind. */
export const boundIn = ({ iommu }: RunningMachine): BoundDriver | undefined => iommu.drivers[0]?.bound;

/** Ids of the unit that the driver finds for a device. */
export const foundFor = (
  bound: BoundDriver,
  device: Device,
): { readonly unit: string; readonly ids: readonly number[] } | undefined => {
  const answer = bound.unitOf(device);
  return answer && 'unit' in answer ? { unit: answer.unit.name, ids: answer.ids } : undefined;
};

/** All that was decided about a machine, as text to compare: two answers are the same if their texts are. */
export const decisions = (running: RunningMachine): string[] =>
  running.devices.map((device) => {
    const { group, unit, ids, reasons } = running.outcomeOf(device);
    const place = unit ? `${unit.name} as ${ids.join(',')}` : 'no unit';
    return `${device.name}: ${place}, group ${group?.id}, ${group?.type}, ${reasons.map(({ rule }) => rule).join(',')}`;
  });

/** The regions of each device that has a group: core asks about no others. */
export const regionsIn = (
  running: RunningMachine,
  devices: readonly Device[] = running.devices,
): Map<string, string> => {
  const bound = boundIn(running);
  const lines = new Map<string, string>();
  for (const device of devices) {
    if (!bound || !running.outcomeOf(device).group) continue;
    lines.set(device.name, [...bound.reservedRegions(device)].map(formatReservedRegion).sort().join(', '));
  }
  return lines;
};

/** The first lines that differ. */
export const difference = (one: readonly string[], other: readonly string[]): string | undefined => {
  const at = one.findIndex((line, index) => line !== other[index]);
  if (at < 0 && one.length === other.length) return undefined;
  return `'${one[at] ?? 'nothing'}' and '${other[Math.max(at, 0)] ?? 'nothing'}'`;
};

/** Whether the driver found a unit for some device that then got no group: such an answer may rest on who came first. */
export const hasRefusals = (running: RunningMachine): boolean => {
  const bound = boundIn(running);
  return running.devices.some(
    (device) => bound && foundFor(bound, device) !== undefined && running.outcomeOf(device).group === undefined,
  );
};
