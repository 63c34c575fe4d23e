import { closeSync, constants, fstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import type { FileTree } from './file-tree.js';

/** Attributes are a page at most; configuration space, tables and logs are more. */
const LIMIT = 64 * 1024 * 1024;

/** What a special file such as those of sysfs says it holds may be less or more than it does: read until it ends. */
const readAll = (descriptor: number, expected: number): Uint8Array => {
  let buffer = new Uint8Array(Math.min(Math.max(expected, 4096), LIMIT));
  let length = 0;
  for (;;) {
    const got = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (got === 0) break;
    length += got;
    if (length >= LIMIT) break;
    if (length === buffer.length) {
      const larger = new Uint8Array(Math.min(buffer.length * 2, LIMIT));
      larger.set(buffer);
      buffer = larger;
    }
  }
  return buffer.subarray(0, length);
};

/** A folder on disk, or the live system at `/`. Opens for reading only; what cannot be read is not there. */
export class FolderTree implements FileTree {
  readonly #root: string;

  /** @param root - An absolute path, or one relative to the working directory. */
  constructor(root: string) {
    this.#root = root.replace(/\/+$/, '');
  }

  #path(path: string): string {
    return `${this.#root}/${path}`;
  }

  /** Run on an open file; `undefined` for whatever the system refuses. */
  #open<T>(path: string, use: (descriptor: number) => T): T | undefined {
    let descriptor: number;
    try {
      // A pipe among the files must not hold us up.
      descriptor = openSync(this.#path(path), constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
    try {
      return use(descriptor);
    } catch {
      return undefined;
    } finally {
      closeSync(descriptor);
    }
  }

  /**
   * A regular file, at most its first 64 MiB; `undefined`: none, or not readable. Links on the way are followed by the
   * system, out of the folder too.
   */
  read(path: string): Uint8Array | undefined {
    return this.readSized(path)?.bytes;
  }

  /** As {@link read}; `size` is what the system states, which may be less or more than can be read. */
  readSized(path: string): { bytes: Uint8Array; size: number } | undefined {
    return this.#open(path, (descriptor) => {
      const stat = fstatSync(descriptor);
      return stat.isFile() ? { bytes: readAll(descriptor, stat.size), size: stat.size } : undefined;
    });
  }

  /** As it is stored, relative or absolute; `undefined`: no link, or not readable. */
  link(path: string): string | undefined {
    try {
      return readlinkSync(this.#path(path));
    } catch {
      return undefined;
    }
  }

  /** As the system orders them; empty for what is no directory, or not readable. */
  list(path: string): readonly string[] {
    try {
      return readdirSync(this.#path(path));
    } catch {
      return [];
    }
  }
}
