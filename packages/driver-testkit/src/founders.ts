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

/**
 * Watch who joins whom, from the devices on that are there already.
 *
 * @returns Ends the watch, and says which device is in a group whose members it joined without naming one of them. Those that
 * it named may have left since.
 */
export const watchJoins = (running: RunningMachine): (() => Device | undefined) => {
  const { iommu } = running;
  const joined = new Map<Device, readonly Device[]>();
  for (const { devices } of iommu.groups)
    for (const [at, one] of devices.entries()) joined.set(one, devices.slice(0, at));
  const stop = iommu.on((event) => {
    if (event.type !== 'add-device') return;
    const { device, group } = event;
    joined.set(
      device,
      group.devices.filter((other) => other !== device),
    );
  });
  return () => {
    stop();
    for (const { devices } of iommu.groups) {
      for (const device of devices) {
        const others = joined.get(device) ?? [];
        const named = new Set(running.outcomeOf(device).reasons.flatMap((reason) => reason.devices));
        if (others.length > 0 && !others.some((other) => named.has(other))) return device;
      }
    }
    return undefined;
  };
};

/** The machine's groups by the kernel's rule for PCI, with the driver's own units and refusals. */
export const expectedPartition = (subject: Subject, ...[machine, options]: Parameters<Subject['boot']>): Partition =>
  partitionOf(subject.boot(machine, { ...options, driver: subject.reference }));
