import type { IommuDriver } from '@iommu/core';
import { type BootOptions, boot, type Machine } from '@iommu/machine';
import { loadDrivers, namedFirst } from '@iommu/machine/load-drivers';
import { eventText } from '../control/event-text.js';
import { machineCalls } from '../control/machine-calls.js';
import { sysfsOf } from '../tree/sysfs-of.js';
import { rootTree } from './root-tree.js';
import { serve } from './serve.js';
import type { Model } from './serving.js';

/** What is mounted, as it travels to the process that serves it. */
export interface MachinePayload {
  readonly machine: Machine;
  readonly boot: Omit<BootOptions, 'drivers'>;
  /** Modules of drivers, asked before those that the process brings. */
  readonly drivers?: readonly string[];
}

/** Boot a machine, and what is served of it. */
const modelOf = (payload: MachinePayload, drivers: readonly IommuDriver[]): Model => {
  const { machine, boot: options } = payload;
  const running = boot(machine, { ...options, drivers });
  const kernel = {
    ...machine.kernel,
    ...(options.kernel !== undefined && { release: options.kernel }),
    ...(options.commandLine !== undefined && { commandLine: options.commandLine }),
  };
  return {
    tree: rootTree(sysfsOf(running), kernel, () => running.describe()),
    calls: machineCalls(running),
    subscribe: (listener) => running.on((event) => listener(eventText(event))),
  };
};

/**
 * Be the process that serves a machine. A program that is one bundle starts this in place of the package's own.
 *
 * @param own - The drivers that the program brings, asked after those that the order names.
 */
export const serveMachine = (own: () => readonly IommuDriver[] = () => []): Promise<void> =>
  serve(async (payload) => {
    const order = payload as MachinePayload;
    return modelOf(order, namedFirst(await loadDrivers(order.drivers ?? []), own()));
  });
