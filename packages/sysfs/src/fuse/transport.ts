/** Reads requests from the device, and closes it. */
export interface RequestReader {
  /** Fulfilled when the mount has ended, or reading failed. */
  readonly ended: Promise<void>;
  close(): void;
}

/**
 * A way of reading from the device without blocking the process.
 *
 * @param descriptor - Of `/dev/fuse`, mounted; the reader closes it.
 * @param onRequest - Called for each request. The bytes are good only during the call.
 */
type StartReading = (descriptor: number, onRequest: (bytes: Uint8Array) => void) => RequestReader;

/** A way of talking to the device. */
export interface Transport {
  readonly name: TransportName;
  /** The device is to be opened with `O_NONBLOCK`. */
  readonly nonBlocking: boolean;
  readonly startReading: StartReading;
}

/** `epoll`: the event loop is told that there is something to read; `pump`: a `cat` reads it into a pipe. */
export type TransportName = 'epoll' | 'pump';
