import { writeSync } from 'node:fs';
import { toFailure } from '../control/failure.js';
import type { ControlPlace } from '../control/places.js';
import type { ControlFailure } from '../control/protocol.js';
import { type Model, Serving } from './serving.js';
import type { TransportName } from './transport.js';
import { epoll, hasEpoll } from './transport-epoll.js';
import { pump } from './transport-pump.js';

/** What the process that wants a mount tells the one that is to serve it. */
export interface ServeOrder {
  /** Absolute. */
  readonly directory: string;
  readonly readOnly: boolean;
  /** Default: what this Node can do best. */
  readonly transport?: TransportName;
  /** It goes on when the other process ends. */
  readonly background: boolean;
  /** Where the control socket is made; default: the runtime directory of whoever serves. */
  readonly runtime?: string;
  /** What is to be served, for whoever makes the model. */
  readonly payload: unknown;
}

/** The answer. */
export type ServeAnswer =
  | { readonly type: 'ready'; readonly path: string; readonly place: ControlPlace }
  | { readonly type: 'failed'; readonly failure: ControlFailure };

const transportNamed = (name: TransportName | undefined) => {
  if (name === undefined) return hasEpoll() ? epoll : pump;
  return name === 'epoll' ? epoll : pump;
};

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const complain = (error: unknown): void => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  try {
    writeSync(2, `iommu: ${text}\n`);
  } catch {
    // Nobody listens.
  }
};

/** Fulfilled when the answer is on its way, or nobody is there to hear it. */
const tell = (answer: ServeAnswer): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected && process.send) process.send(answer, undefined, {}, () => resolve());
    else resolve();
  });

const receiveOrder = (): Promise<ServeOrder> =>
  new Promise((resolve) => process.once('message', (order) => resolve(order as ServeOrder)));

/**
 * Be a process that serves a mount: the whole life of it, ending with the process.
 *
 * It takes an order over Node's channel from the process that started it, answers once, and serves until it is unmounted
 * by whomever, gets a signal, or the other process goes away. It never looks into its own mount.
 *
 * @param open - Makes the model from the order's payload. What it throws is reported.
 */
export const serve = async (open: (payload: unknown) => Promise<Model>): Promise<void> => {
  process.chdir('/');
  const { background, directory, readOnly, transport, runtime, payload } = await receiveOrder();
  let serving: Serving | undefined;
  let status = 0;
  let isLeft = false;
  const end = (): void => {
    isLeft = true;
    void serving?.end();
  };
  const fail = (error: unknown): void => {
    complain(error);
    status = 1;
    if (serving) end();
    else process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  for (const signal of SIGNALS) process.on(signal, end);
  process.once('disconnect', () => {
    if (!background || !serving) end();
  });

  try {
    const model = await open(payload);
    serving = await Serving.start(model, {
      directory,
      readOnly,
      transport: transportNamed(transport),
      onError: complain,
      ...(runtime !== undefined && { runtime }),
    });
  } catch (error) {
    await tell({ type: 'failed', failure: toFailure(error) });
    process.exit(1);
  }
  await tell({ type: 'ready', path: serving.path, place: serving.place });
  if (isLeft) end();
  await serving.ended;
  process.exit(status);
};
