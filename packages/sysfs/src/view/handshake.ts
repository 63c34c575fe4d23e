import { type ChildProcess, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { IommuError } from '@iommu/core';

/** How often to look whether something was said, in milliseconds. */
const INTERVAL = 4;

const LONGEST = 64 * 1024;

/**
 * What this process and the one that it starts say to each other before there is a program.
 *
 * A file and a named pipe, not a pipe of `spawn()`: when Node takes such a one down it opens `process.stderr`, and standard
 * error then no longer waits for its reader, in the program neither, which shares it.
 */
export interface Handshake {
  /** Descriptors for the started process: one to write to, one that a line can be awaited from, and that ends with us. */
  readonly descriptors: readonly [said: number, told: number];
  /** Wait until the started process says a line of its own. @throws IommuError `ERR_VIEW` with what it said if it ends. */
  hears(line: string, from: ChildProcess): Promise<void>;
  tell(line: string): void;
  close(): void;
}

const fifo = (path: string): readonly [read: number, write: number] => {
  const { status, stderr, error } = spawnSync('mkfifo', ['-m', '600', path], { encoding: 'utf8' });
  if (status !== 0) throw new IommuError('ERR_VIEW', `${path}: no named pipe can be made: ${error?.message ?? stderr}`);
  // Opening one end alone would wait for the other.
  const both = openSync(path, constants.O_RDWR);
  try {
    return [openSync(path, constants.O_RDONLY), openSync(path, constants.O_WRONLY)];
  } finally {
    closeSync(both);
    unlinkSync(path);
  }
};

/** @param folder - Empty, and empty again when this returns. */
export const openHandshake = (folder: string): Handshake => {
  const file = join(folder, 'said');
  const [told, tell] = fifo(join(folder, 'told'));
  const said = openSync(file, 'ax+', 0o600);
  unlinkSync(file);
  const buffer = new Uint8Array(LONGEST);
  const heard = new Set<string>();
  const text = (): string => new TextDecoder().decode(buffer.subarray(0, readSync(said, buffer, 0, LONGEST, 0)));
  return {
    descriptors: [said, told],
    hears: (line, from) =>
      new Promise((resolve, reject) => {
        const settle = (done: () => void): void => {
          clearInterval(timer);
          from.off('exit', failed).off('error', failed);
          done();
        };
        const failed = (cause: unknown): void => {
          const complaints = text()
            .split('\n')
            .filter((one) => one !== '' && !heard.has(one));
          const why = cause instanceof Error ? cause.message : complaints.join('; ');
          const options = cause instanceof Error ? { cause } : {};
          settle(() =>
            reject(
              new IommuError(
                'ERR_VIEW',
                `no view of a modelled /sys can be made here: ${why || 'it ended early'}`,
                options,
              ),
            ),
          );
        };
        const timer = setInterval(() => {
          if (!text().split('\n').includes(line)) return;
          heard.add(line);
          settle(resolve);
        }, INTERVAL);
        from.on('exit', failed).on('error', failed);
      }),
    tell: (line) => {
      writeSync(tell, `${line}\n`);
    },
    close: () => {
      for (const descriptor of [said, told, tell]) closeSync(descriptor);
    },
  };
};
