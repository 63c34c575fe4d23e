import { type IommuDriver, IommuError } from '@iommu/core';
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
  /** Driver packages. Absent: the process brings its own. */
  readonly drivers?: readonly string[];
}

/** Load drivers by the default exports of their packages. @throws IommuError `ERR_DRIVER_CONTRACT` */
const loadDrivers = (specifiers: readonly string[]): Promise<IommuDriver[]> =>
  Promise.all(
    specifiers.map(async (specifier) => {
      const { default: make }: { default?: unknown } = await import(specifier);
      if (typeof make !== 'function')
        throw new IommuError('ERR_DRIVER_CONTRACT', `${specifier}: its default export does not make a driver`);
      return make() as IommuDriver;
    }),
  );

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
 * @param drivers - Used where the order names none.
 */
export const serveMachine = (drivers: () => readonly IommuDriver[] = () => []): Promise<void> =>
  serve(async (payload) => {
    const order = payload as MachinePayload;
    return modelOf(order, order.drivers === undefined ? drivers() : await loadDrivers(order.drivers));
  });
