import { constants } from 'node:os';
import type { Caller } from '../node.js';
import type { Inode } from './inodes.js';

const { EACCES, EBADF, EINVAL, ENODEV } = constants.errno;

/** A write takes a page at most. */
const PAGE = 4096;

/** An open file. */
interface OpenFile {
  readonly inode: Inode;
  /** Who opened it. */
  readonly caller: Caller;
  /** What the last read from its start found, and where the last read ended. */
  content: Uint8Array | undefined;
  end: number;
}

/** Which directions the flags of `open(2)` ask for. */
const directions = (flags: number): { reads: boolean; writes: boolean } => {
  const bits = (flags & 3) + 1;
  return { reads: (bits & 1) !== 0, writes: (bits & 2) !== 0 };
};

/**
 * The open files, by handle. What a call returns is 0 or above, or an errno below 0.
 *
 * @see Linux v6.1 fs/kernfs/file.c, fs/seq_file.c
 */
export class OpenFiles {
  readonly #files = new Map<number, OpenFile>();
  #next = 1;
  #writing: Inode | undefined;

  /** How many there are. */
  get size(): number {
    return this.#files.size;
  }

  /** The file that is being written just now: its lock is held by the writer. */
  get writing(): Inode | undefined {
    return this.#writing;
  }

  /** @returns A handle. A direction that the file's mode has for nobody is refused even to root: kernfs_fop_open(). */
  open(inode: Inode, flags: number, caller: Caller): number {
    const { node, gone } = inode;
    if (gone) return -ENODEV;
    if (node.kind !== 'file') return -EINVAL;
    const { reads, writes } = directions(flags);
    if (reads && (node.mode & 0o444) === 0) return -EACCES;
    if (writes && ((node.mode & 0o222) === 0 || !node.write)) return -EACCES;
    inode.opens += 1;
    this.#files.set(this.#next, { inode, caller, content: undefined, end: 0 });
    return this.#next++;
  }

  /**
   * Read a part. The content is taken anew at every read that does not go on where the last one ended: seq_read_iter().
   *
   * @returns The part, or an errno below 0.
   */
  read(handle: number, offset: number, size: number): Uint8Array | number {
    const file = this.#files.get(handle);
    if (!file) return -EBADF;
    const { inode } = file;
    if (inode.gone || inode.node.kind !== 'file') return -ENODEV;
    if (!file.content || offset === 0 || offset !== file.end) file.content = inode.node.read(file.caller);
    const part = file.content.subarray(offset, offset + size);
    file.end = offset + part.length;
    return part;
  }

  /** @returns How many bytes were taken. Where in the file they were to go does not matter: kernfs_fop_write_iter(). */
  write(handle: number, bytes: Uint8Array, caller: Caller): number {
    const file = this.#files.get(handle);
    if (!file) return -EBADF;
    const { inode } = file;
    if (inode.gone || inode.node.kind !== 'file' || !inode.node.write) return -ENODEV;
    this.#writing = inode;
    try {
      return inode.node.write(bytes.slice(0, PAGE), caller);
    } finally {
      this.#writing = undefined;
    }
  }

  release(handle: number): void {
    const file = this.#files.get(handle);
    if (!file) return;
    file.inode.opens -= 1;
    this.#files.delete(handle);
  }
}
