import type { Device } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { type Partition, partitionOf } from './observe.js';
import type { Subject } from './subject.js';

/** Two devices that the kernel's rule for PCI puts together, each the first of a group of its own. */
export interface Parted {
  readonly one: string;
  readonly other: string;
}

/**
 * Look for groups that should be one. A driver may put together more than the kernel's rule for PCI does, for what its
 * hardware cannot tell apart; it may never begin a second group for what that rule puts together.
 *
 * @param expected - By the kernel's rule.
 */
export const partedFounders = (running: RunningMachine, expected: Partition): Parted | undefined => {
  const founders = [...running.iommu.groups].flatMap(({ devices }) => devices[0] ?? []);
  const first = new Map<readonly string[], string>();
  for (const { name } of founders) {
    const together = expected.get(name);
    if (!together) continue;
    const other = first.get(together);
    if (other !== undefined) return { one: other, other: name };
    first.set(together, name);
  }
  return undefined;
};

/** A device that joined others without naming one of them, or what was in its place before. */
export const joinedUnnamed = (running: RunningMachine): Device | undefined => {
  for (const { devices } of running.iommu.groups) {
    const members = new Set(devices.map(({ name }) => name));
    for (const device of devices.slice(1)) {
      const named = running.outcomeOf(device).reasons.flatMap((reason) => reason.devices);
      if (!named.some(({ name }) => name !== device.name && members.has(name))) return device;
    }
  }
  return undefined;
};

/** The machine's groups by the kernel's rule for PCI, with the driver's own units and refusals. */
export const expectedPartition = (subject: Subject, ...[machine, options]: Parameters<Subject['boot']>): Partition =>
  partitionOf(subject.boot(machine, { ...options, driver: subject.reference }));
