import { IommuError, isIommuError } from '@iommu/core';
import type { MachinePciFunction } from '@iommu/machine';
import type { ServingStats } from '../fuse/serving.js';
import type { Card } from './card.js';
import { ControlConnection } from './client.js';
import type { ControlEvent } from './event-text.js';
import type { ListedDiagnostic, MachineList } from './machine-calls.js';
import { allPlaces, type ControlPlace, placesOf } from './places.js';
import type { Hello } from './protocol.js';

/** Bytes do not travel as they are. */
const sent = (functions: readonly MachinePciFunction[]) =>
  functions.map(({ config, ...one }) => ({
    ...one,
    ...(config !== undefined && {
      config: typeof config === 'string' ? config : Buffer.from(config).toString('base64'),
    }),
  }));

/**
 * A running machine that another process serves. When a call is answered, its effect is to be seen in the mount.
 *
 * Every call throws what the machine throws: `ERR_REFUSED` with the kernel's errno, `ERR_DEVICE_UNKNOWN`, `ERR_MACHINE`;
 * and `ERR_CONTROL_GONE` when the process has ended.
 */
export class MachineControl implements Disposable {
  readonly #connection: ControlConnection;

  constructor(connection: ControlConnection) {
    this.#connection = connection;
  }

  /** Hardware appears, and the kernel is told. @returns Names of the devices that were registered. */
  add(functions: readonly MachinePciFunction[]): Promise<string[]> {
    return this.#names('add', { functions: sent(functions) });
  }

  /** A card is plugged in behind a port, and the kernel is told. @returns Names of the devices that were registered. */
  addCard({ behind, functions }: Card): Promise<string[]> {
    return this.#names('add-card', { behind, functions });
  }

  /** Hardware appears, and only {@link rescan} finds it. */
  async plug(functions: readonly MachinePciFunction[]): Promise<void> {
    await this.#connection.call('plug', { functions: sent(functions) });
  }

  /** Hardware disappears, and with it the device. */
  async unplug(device: string): Promise<void> {
    await this.#connection.call('unplug', { device });
  }

  /** As a write to `remove`; it stays plugged in. */
  async remove(device: string): Promise<void> {
    await this.#connection.call('remove', { device });
  }

  /** As a write to `/sys/bus/pci/rescan`. @returns Names of the devices that were found. */
  rescan(): Promise<string[]> {
    return this.#names('rescan', {});
  }

  /** As a write to the driver's `bind`. */
  async bind(device: string, driver: string): Promise<void> {
    await this.#connection.call('bind', { device, driver });
  }

  /** As a write to its driver's `unbind`. */
  async unbind(device: string): Promise<void> {
    await this.#connection.call('unbind', { device });
  }

  /** As a write to `driver_override`; `null` takes it back. */
  async override(device: string, driver: string | null): Promise<void> {
    await this.#connection.call('override', { device, driver });
  }

  /** As a write to `drivers_probe`. */
  async probe(device: string): Promise<void> {
    await this.#connection.call('probe', { device });
  }

  /** `modprobe` */
  async load(driver: string): Promise<void> {
    await this.#connection.call('load', { driver });
  }

  /** `rmmod` */
  async unload(driver: string): Promise<void> {
    await this.#connection.call('unload', { driver });
  }

  /** As a write to `sriov_numvfs`. */
  async vfs(device: string, count: number): Promise<void> {
    await this.#connection.call('vfs', { device, count });
  }

  /** As a write to the group's `type`. */
  async type(group: number, type: string): Promise<void> {
    await this.#connection.call('type', { group, type });
  }

  /** The groups and devices as they are now. */
  async list(): Promise<MachineList> {
    return (await this.#connection.call('list')) as MachineList;
  }

  /** What was odd or supposed when it was booted. */
  async diagnostics(): Promise<ListedDiagnostic[]> {
    return (await this.#connection.call('diagnostics')) as ListedDiagnostic[];
  }

  /** What serving the mount costs. */
  async stats(): Promise<ServingStats> {
    return (await this.#connection.call('stats')) as ServingStats;
  }

  /** Events as they happen, until the caller stops or the machine ends. */
  async *events(): AsyncGenerator<ControlEvent, void> {
    const waiting: ControlEvent[] = [];
    let wake: () => void = () => {};
    const off = this.#connection.on((event) => {
      waiting.push(event as ControlEvent);
      wake();
    });
    let isOver = false;
    const over = this.#connection.closed.then(() => {
      isOver = true;
      wake();
    });
    try {
      await this.#connection.call('events');
      while (!isOver || waiting.length > 0) {
        yield* waiting.splice(0);
        if (isOver || waiting.length > 0) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      await over;
    } finally {
      off();
    }
  }

  /** End the mount. */
  async unmount(): Promise<void> {
    await this.#connection.call('unmount');
    await this.#connection.closed;
  }

  /** Hang up; the machine stays mounted. */
  close(): void {
    this.#connection.close();
  }

  /** As {@link close}, at the end of a block. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #names(call: string, params: Readonly<Record<string, unknown>>): Promise<string[]> {
    return (await this.#connection.call(call, params)) as string[];
  }
}

/** @param failed - Told why, where it fails. */
const tryOpen = async (place: ControlPlace, failed?: (error: unknown) => void) => {
  try {
    return await ControlConnection.open(place);
  } catch (error) {
    failed?.(error);
    return undefined;
  }
};

/** The machines of this user that are mounted and answer, by the paths of their mount points. */
export const mounted = async (): Promise<string[]> => {
  const found: string[] = [];
  for (const place of allPlaces()) {
    const opened = await tryOpen(place);
    if (!opened) continue;
    opened.connection.close();
    found.push(opened.hello.mount);
  }
  return found.sort();
};

/**
 * Connect to a mounted machine of this user.
 *
 * @param mount - Its mount point, absolute and without links. Absent: the only one there is.
 * @throws IommuError `ERR_CONTROL_GONE` when there is none, `ERR_CONTROL_WHICH` when there are several,
 * `ERR_CONTROL_REFUSED` or `ERR_CONTROL_SILENT` when the one that serves it will not have us, or does not answer
 */
export const connectMachine = async (mount?: string): Promise<{ control: MachineControl; hello: Hello }> => {
  const open = async (path: string) => {
    let refusal: unknown;
    for (const place of placesOf(path)) {
      // Another place of the same mount may be the one that serves it.
      const opened = await tryOpen(place, (error) => {
        if (!isIommuError(error, 'ERR_CONTROL_GONE')) refusal ??= error;
      });
      if (opened) return { control: new MachineControl(opened.connection), hello: opened.hello };
    }
    throw refusal ?? new IommuError('ERR_CONTROL_GONE', `no machine is mounted at ${path}`);
  };
  if (mount !== undefined) return open(mount);
  const [only, ...more] = await mounted();
  if (only === undefined)
    throw new IommuError('ERR_CONTROL_GONE', 'no machine is mounted; mount one: iommu mount INPUT DIR');
  if (more.length > 0)
    throw new IommuError('ERR_CONTROL_WHICH', `several machines are mounted, name one: ${[only, ...more].join(', ')}`);
  return open(only);
};
