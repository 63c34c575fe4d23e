import { write, writeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Caller, SysfsTree } from '../node.js';
import { follow } from './invalidation.js';
import { Notifier } from './notifier.js';
import { FuseServer } from './server.js';
import type { RequestReader, Transport } from './transport.js';

/**
 * The longest that an answer waits for the kernel to take in what it caused, in milliseconds. It waits for ever only if
 * another program tries to remove the file that is being written.
 */
const LONGEST_WAIT = 100;

export interface SessionOptions {
  readonly callerOf: (uid: number, pid: number) => Caller;
  readonly onError: (error: unknown) => void;
}

const errnoFrom = (error: NodeJS.ErrnoException): number => Math.abs(error.errno ?? constants.errno.EIO);

/** A tree on a mounted device: answers its requests, and tells the kernel what changes. */
export class FuseSession {
  readonly server: FuseServer;
  /** Fulfilled when the mount has ended. */
  readonly ended: Promise<void>;
  /** Fulfilled when the kernel has said its first word and was answered: from here on the mount works. */
  readonly ready: Promise<void>;
  readonly #descriptor: number;
  readonly #notifier: Notifier;
  readonly #reader: RequestReader;
  readonly #onError: (error: unknown) => void;
  #isOpen = true;
  #becomeReady: () => void = () => {};

  /** @param descriptor - Of `/dev/fuse`, mounted, opened as the transport wants it. The session closes it. */
  constructor(tree: SysfsTree, descriptor: number, transport: Transport, { callerOf, onError }: SessionOptions) {
    this.#descriptor = descriptor;
    this.#onError = onError;
    this.server = new FuseServer(tree.root, { callerOf, onError });
    this.#notifier = new Notifier((bytes) => this.#notify(bytes));
    this.ready = new Promise((resolve) => {
      this.#becomeReady = resolve;
    });
    const stopFollowing = tree.on((change) => this.#notifier.push(follow(this.server, change)));
    this.#reader = transport.startReading(descriptor, (bytes) => this.#serve(bytes));
    this.ended = this.#reader.ended.then(() => {
      this.#isOpen = false;
      stopFollowing();
    });
  }

  /** How many notifications were ever queued. */
  get notifications(): number {
    return this.#notifier.queued;
  }

  /** Fulfilled when every change of the tree until now has reached the kernel. */
  settled(): Promise<void> {
    return this.#notifier.delivered();
  }

  /**
   * End the connection, whether it is mounted or not. Only after {@link settled}: a notification that the kernel holds
   * back until a request is answered would keep the process from ending.
   */
  close(): void {
    this.#reader.close();
  }

  #serve(bytes: Uint8Array): void {
    const before = this.#notifier.queued;
    const reply = this.server.handle(bytes);
    if (!reply) return;
    if (this.#notifier.queued === before) this.#reply(reply);
    // A copy: the server puts its next answer where this one is, and `slice()` of a `Buffer` copies nothing.
    else void this.#replyLater(Uint8Array.from(reply));
    if (this.server.ready) this.#becomeReady();
  }

  /** What a program's write changed, it sees as soon as the write returns. */
  async #replyLater(reply: Uint8Array): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const longest = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LONGEST_WAIT);
    });
    await Promise.race([this.#notifier.delivered(), longest]);
    clearTimeout(timer);
    this.#reply(reply);
  }

  #reply(reply: Uint8Array): void {
    if (!this.#isOpen) return;
    try {
      writeSync(this.#descriptor, reply);
    } catch (error) {
      const { ENOENT, ENODEV, ECONNABORTED, EPERM } = constants.errno;
      // Nobody waits for it any more, or the mount has ended.
      if (![ENOENT, ENODEV, ECONNABORTED, EPERM].includes(errnoFrom(error as NodeJS.ErrnoException)))
        this.#onError(error);
    }
  }

  /** On another thread: the kernel may hold it back until this thread has answered a request. */
  #notify(bytes: Uint8Array): Promise<number> {
    if (!this.#isOpen || !this.server.ready) return Promise.resolve(constants.errno.ENODEV);
    return new Promise((resolve) => {
      write(this.#descriptor, bytes, (error) => resolve(error ? errnoFrom(error) : 0));
    });
  }
}
