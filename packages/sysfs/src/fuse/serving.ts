import { closeSync, rmdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { IommuError, refused } from '@iommu/core';
import { type ControlPlace, placeOf, runtimeDirectory } from '../control/places.js';
import { type ControlCalls, ControlServer } from '../control/server.js';
import type { SysfsTree } from '../node.js';
import { callerOf } from './caller.js';
import { isServed } from './is-served.js';
import { isMounted, mountDevice, openDevice, requireSuperuser, unmount } from './mount.js';
import { FuseSession } from './session.js';
import { prepareTarget, type Target } from './target.js';
import type { Transport } from './transport.js';

/** What is served. */
export interface Model {
  readonly tree: SysfsTree;
  readonly calls: ControlCalls;
  /** Events for those who listen on the control socket. */
  readonly subscribe: (listener: (event: unknown) => void) => () => void;
}

export interface ServingOptions {
  readonly directory: string;
  readonly readOnly: boolean;
  readonly transport: Transport;
  readonly onError: (error: unknown) => void;
  /** Where the control socket is made. */
  readonly runtime?: string;
}

/** The longest that the end waits for the kernel, in milliseconds. */
const LONGEST_END = 2_000;

/** The longest that the kernel may take to say its first word. */
const LONGEST_START = 5_000;

const bounded = (promise: Promise<unknown>): Promise<unknown> =>
  Promise.race([promise, wait(LONGEST_END, undefined, { ref: false })]);

/** What serving costs. */
export interface ServingStats {
  /** Entries that the kernel knows. */
  readonly entries: number;
  /** How often attributes are open just now, by all programs; directories do not count. */
  readonly openFiles: number;
  /** How many notifications the kernel was ever sent. */
  readonly notifications: number;
  /** Of the process, in bytes. */
  readonly memory: number;
}

const statsOf = (session: FuseSession): ServingStats => ({
  entries: session.server.inodes.size,
  openFiles: session.server.files.size,
  notifications: session.notifications,
  memory: process.memoryUsage.rss(),
});

/** A directory that was made for a mount goes with it. */
const giveBack = ({ path, isNew }: Target): void => {
  if (!isNew) return;
  try {
    rmdirSync(path);
  } catch {
    // Somebody uses it.
  }
};

/** @returns The descriptor of the device, mounted. @throws IommuError `ERR_SYSFS_MOUNT` */
const mounted = async (path: string, { nonBlocking }: Transport, readOnly: boolean): Promise<number> => {
  const descriptor = openDevice(nonBlocking);
  try {
    await mountDevice(descriptor, path, readOnly);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
};

/** A mount and its control socket, served by this process. */
export class Serving {
  readonly path: string;
  readonly place: ControlPlace;
  /** Fulfilled when the mount has ended, for whatever reason, and everything is tidied up. */
  readonly ended: Promise<void>;
  readonly #target: Target;
  readonly #session: FuseSession;
  readonly #control: ControlServer;
  #ending: Promise<void> | undefined;

  private constructor(target: Target, place: ControlPlace, session: FuseSession, control: ControlServer) {
    this.path = target.path;
    this.place = place;
    this.#target = target;
    this.#session = session;
    this.#control = control;
    this.ended = session.ended.then(() => this.#tidy());
  }

  /**
   * Mount a model.
   *
   * @throws IommuError `ERR_SYSFS_TARGET`, `ERR_SYSFS_MOUNT`, `ERR_CONTROL_PLACE`; nothing is mounted then
   */
  static async start(model: Model, options: ServingOptions): Promise<Serving> {
    const { directory, readOnly, transport, onError } = options;
    requireSuperuser();
    const target = await prepareTarget(directory, isServed);
    const { path } = target;
    const place = placeOf(options.runtime ?? runtimeDirectory(), path);
    let session: FuseSession | undefined;
    let serving: Serving | undefined;
    let control: ControlServer | undefined;
    try {
      // Before it is mounted: whoever finds a mount for which nobody answers takes it off.
      control = await ControlServer.listen({
        place,
        mount: path,
        calls: {
          ...model.calls,
          stats: () => session && statsOf(session),
          // It is answered first: the connection ends with the mount.
          unmount: () => {
            if (!serving) throw refused('EBUSY', `${path} is just being mounted`);
            setImmediate(() => void serving?.end());
          },
        },
        subscribe: model.subscribe,
        settled: async () => session?.settled(),
      });
      const descriptor = await mounted(path, transport, readOnly);
      session = new FuseSession(model.tree, descriptor, transport, { callerOf, onError });
      const late = wait(LONGEST_START, 'late', { ref: false });
      if ((await Promise.race([session.ready, session.ended.then(() => 'late'), late])) === 'late')
        throw new IommuError('ERR_SYSFS_MOUNT', `${path}: the kernel does not talk over ${transport.name}`);
      serving = new Serving(target, place, session, control);
      return serving;
    } catch (error) {
      if (session) await unmount(path);
      session?.close();
      control?.close();
      giveBack(target);
      throw error;
    }
  }

  /** Unmount. Requests are answered until the mount is gone. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    // A notification that is held back would keep the process from ending.
    await bounded(this.#session.settled());
    // Where it was taken off already and programs still look, as in a view, the kernel does not say when they are done.
    if (isMounted(this.path)) {
      await unmount(this.path);
      await bounded(this.#session.ended);
    }
    // Whoever still looks gets an error from here on.
    this.#session.close();
    await this.ended;
  }

  #tidy(): void {
    this.#control.close();
    giveBack(this.#target);
  }
}
