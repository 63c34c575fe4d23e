import type { IommuDriver } from '@iommu/core';
import { type BootOptions, boot, type Machine } from '@iommu/machine';
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
  /** A module that exports `drivers()`. Absent: the process brings its own. */
  readonly drivers?: string;
}

/** What a module of drivers exports. */
interface DriversModule {
  drivers?(): readonly IommuDriver[];
}

const driversFrom = async (specifier: string): Promise<readonly IommuDriver[]> => {
  const { drivers }: DriversModule = await import(specifier);
  if (typeof drivers !== 'function') throw new TypeError(`${specifier} does not export a function 'drivers'`);
  return drivers();
};

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
 * @param drivers - Used where the order names no module of drivers.
 */
export const serveMachine = (drivers: () => readonly IommuDriver[] = () => []): Promise<void> =>
  serve(async (payload) => {
    const order = payload as MachinePayload;
    return modelOf(order, order.drivers === undefined ? drivers() : await driversFrom(order.drivers));
  });
