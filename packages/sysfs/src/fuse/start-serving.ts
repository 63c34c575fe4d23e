import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { IommuError } from '@iommu/core';
import { ControlConnection } from '../control/client.js';
import { fromFailure } from '../control/failure.js';
import { type ControlPlace, clearPlace } from '../control/places.js';
import { isStuck } from './is-served.js';
import { FUSE_TYPE, forceUnmount } from './mount.js';
import { mountTable } from './mount-table.js';
import type { ServeAnswer, ServeOrder } from './serve.js';

/** How often the serving process is looked at, in milliseconds. */
const LOOK = 1_000;
/** How long an unmount may take, in milliseconds. */
const LONGEST_UNMOUNT = 10_000;

export interface StartOptions extends ServeOrder {
  /** The module that the serving process runs. */
  readonly server: URL;
  /** Words for Node before it. */
  readonly nodeOptions?: readonly string[];
  /** A program, with its words, that runs Node: `nsenter --target 42 --mount`. */
  readonly within?: readonly string[];
  /** Where the serving process complains; default: here, unless in the background. */
  readonly stderr?: 'inherit' | 'ignore';
}

/** A mount that another process serves. */
export interface ServedMount {
  /** The directory, absolute and without links. */
  readonly path: string;
  /** The process that serves it. */
  readonly pid: number;
  readonly connection: ControlConnection;
  /** Fulfilled when it is gone; rejected when the serving process failed. */
  readonly ended: Promise<void>;
  unmount(): Promise<void>;
}

const answerOf = (child: ChildProcess): Promise<ServeAnswer> =>
  new Promise((resolve, reject) => {
    const dead = (status: number | null, signal: string | null) =>
      reject(new IommuError('ERR_SYSFS_MOUNT', `the serving process ended with ${signal ?? status}`));
    child.once('message', (answer) => {
      child.off('exit', dead);
      resolve(answer as ServeAnswer);
    });
    child.once('error', reject);
    child.once('exit', dead);
  });

const ourMount = (path: string) => mountTable().findLast((entry) => entry.path === path && entry.type === FUSE_TYPE);

/** Takes away what a process that has ended left behind: its mount, not another that follows it in the same place. */
type TakeAway = () => Promise<void>;

const takeAwayLater = (path: string, place?: ControlPlace): TakeAway => {
  const minor = ourMount(path)?.minor;
  return async () => {
    if (minor !== undefined && ourMount(path)?.minor === minor) await forceUnmount(path);
    if (place) clearPlace(place);
  };
};

/** Follow the child to its end. */
const endOf = async (child: ChildProcess, path: string, takeAway: TakeAway): Promise<void> => {
  const exited = new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('exit', (status, signal) => resolve([status, signal])),
  );
  const looking = setInterval(() => {
    if (child.pid !== undefined && isStuck(child.pid)) void takeAway();
  }, LOOK);
  looking.unref();
  const [status, signal] = await exited;
  clearInterval(looking);
  await takeAway();
  if (status !== 0)
    throw new IommuError('ERR_SYSFS_MOUNT', `${path}: the serving process ended with ${signal ?? `status ${status}`}`);
};

/**
 * Start a process that serves a mount.
 *
 * It runs in a session of its own, so that a terminal's signals do not reach it. Unless in the background, it unmounts
 * when this process ends, however that comes about.
 *
 * @throws IommuError what the serving process answers
 */
export const startServing = async ({
  server,
  nodeOptions = [],
  within = [],
  stderr,
  ...order
}: StartOptions): Promise<ServedMount> => {
  const [execPath = process.execPath, ...execArgv] = [...within, process.execPath, ...nodeOptions];
  const child = fork(fileURLToPath(server), [], {
    cwd: '/',
    detached: true,
    execPath,
    execArgv,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', stderr ?? (order.background ? 'ignore' : 'inherit'), 'ipc'],
  });
  // A failure is the answer's; here it only must not end this process.
  child.send(order satisfies ServeOrder, () => {});
  const answer = await answerOf(child).catch(async (error: unknown) => {
    await takeAwayLater(order.directory)();
    throw error;
  });
  if (answer.type === 'failed') throw fromFailure(answer.failure);
  const { path, place } = answer;
  const { connection, hello } = await ControlConnection.open(place);
  let ended: Promise<void>;
  if (order.background) {
    child.disconnect();
    child.unref();
    // What it leaves behind when it is killed is taken away by the next mount in its place, which may be at it already.
    ended = connection.closed;
  } else ended = endOf(child, path, takeAwayLater(path, place));
  // Whoever wants to know asks; until then it is no unhandled rejection.
  ended.catch(() => {});
  const unmount = async (): Promise<void> => {
    await connection.call('unmount').catch(() => {});
    const timeout = wait(LONGEST_UNMOUNT, true, { ref: false });
    if ((await Promise.race([ended.catch(() => false), timeout])) === true) {
      if (!order.background) child.kill('SIGKILL');
      await forceUnmount(path);
    }
    connection.close();
  };
  return { path, pid: hello.pid, connection, ended, unmount };
};
