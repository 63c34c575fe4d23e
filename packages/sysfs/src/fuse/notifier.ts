import type { Notification } from './invalidation.js';

/** Hands a notification to the kernel, off the serving thread. @returns 0 or the errno that the kernel answered with. */
export type Notify = (bytes: Uint8Array) => Promise<number>;

/** How long an answer may be on its way, in milliseconds. */
const MOMENT = 200;

/**
 * Tells the kernel what changed, one thing after another, in order.
 *
 * The kernel may hold a notification back until a request that is under way is answered. So it is never waited for where
 * requests are served.
 */
export class Notifier {
  readonly #notify: Notify;
  readonly #queue: Notification[] = [];
  /** How many were queued ever, and how many are done. */
  #queued = 0;
  #done = 0;
  readonly #waiting: { readonly until: number; readonly resolve: () => void }[] = [];
  #isRunning = false;

  constructor(notify: Notify) {
    this.#notify = notify;
  }

  /** How many notifications were ever queued. */
  get queued(): number {
    return this.#queued;
  }

  push(notifications: readonly Notification[]): void {
    for (const notification of notifications) this.#queue.push(notification);
    this.#queued += notifications.length;
    if (!this.#isRunning && this.#queue.length > 0) void this.#run();
  }

  /** Fulfilled when all that is queued by now has reached the kernel. */
  delivered(): Promise<void> {
    if (this.#done >= this.#queued) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ until: this.#queued, resolve }));
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#queue.length > 0) {
      for (const notification of this.#queue.splice(0)) {
        await this.#tell(notification);
        this.#done += 1;
        while (this.#waiting[0] && this.#waiting[0].until <= this.#done) this.#waiting.shift()?.resolve();
      }
    }
    this.#isRunning = false;
  }

  async #tell({ bytes, otherwise, isFresh }: Notification): Promise<void> {
    const errno = await this.#notify(bytes);
    if (errno === 0) return;
    if (isFresh) setTimeout(() => this.push([{ bytes }]), MOMENT).unref();
    if (!otherwise) return;
    for (const other of otherwise()) await this.#notify(other.bytes);
  }
}
