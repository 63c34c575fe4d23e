import { writeSync } from 'node:fs';

/** How long to wait for a reader that is slower than we write, in milliseconds. */
const PAUSE = 1;

const sleep = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};

/**
 * Write to a standard stream, all of it, at once: opening the stream object costs a start more than the writing. A
 * reader that has gone (`| head`) ends the program quietly.
 */
export const writeTo = (descriptor: 1 | 2, data: string | Uint8Array): void => {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(0);
      if (code !== 'EAGAIN') throw error;
      sleep(PAUSE);
    }
  }
};

/** Data for standard output. */
export const writeOut = (data: string | Uint8Array): void => writeTo(1, data);
