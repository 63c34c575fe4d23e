import { putEntry, typeOf } from './attributes.js';
import { Fields } from './fields.js';
import type { Inode, InodeTable } from './inodes.js';
import { Dirent, EntryOut, FileType } from './protocol.js';

/** Positions of the two entries that every directory has; those of the others follow. */
const SELF = 1;
const PARENT = 2;

const padded = (bytes: number): number => (bytes + 7) & ~7;

/** Writes entries one after another, as far as there is room. */
class Writer {
  readonly #bytes: Buffer;
  readonly #fields: Fields;
  readonly #end: number;
  readonly #isPlus: boolean;
  #isFull = false;
  at: number;

  constructor(bytes: Buffer, start: number, end: number, isPlus: boolean) {
    this.#bytes = bytes;
    this.#fields = new Fields(bytes);
    this.#end = end;
    this.#isPlus = isPlus;
    this.at = start;
  }

  /** Something had no room. */
  get isFull(): boolean {
    return this.#isFull;
  }

  hasRoom(name: string): boolean {
    const entry = this.#isPlus ? EntryOut.bytes : 0;
    this.#isFull = this.at + entry + padded(Dirent.bytes + Buffer.byteLength(name)) > this.#end;
    return !this.#isFull;
  }

  /** @param inode - In a listing with attributes, the entry as told to the kernel; else, and of `.` and `..`, none. */
  put(name: string, ino: number, position: number, type: number, inode?: Inode): void {
    if (this.#isPlus) {
      if (inode) putEntry(this.#bytes, this.at, inode);
      else this.#bytes.fill(0, this.at, this.at + EntryOut.bytes);
      this.at += EntryOut.bytes;
    }
    const nameAt = this.at + Dirent.bytes;
    const length = this.#bytes.write(name, nameAt);
    this.#fields.put64(this.at + Dirent.ino, ino);
    this.#fields.put64(this.at + Dirent.offset, position);
    this.#fields.put32(this.at + Dirent.nameLength, length);
    this.#fields.put32(this.at + Dirent.type, type >> 12);
    const next = this.at + padded(Dirent.bytes + length);
    this.#bytes.fill(0, nameAt + length, next);
    this.at = next;
  }
}

/** Where in ascending numbers the first one above a bound stands, found by halving. */
const firstAbove = (numbers: readonly number[], bound: number): number => {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** The two that every directory has. @returns Whether there was room. */
const putDots = (writer: Writer, { id, parent }: Inode, after: number): boolean => {
  const dots = [
    { name: '.', ino: id, position: SELF },
    { name: '..', ino: parent?.id ?? id, position: PARENT },
  ];
  for (const { name, ino, position } of dots) {
    if (after >= position) continue;
    if (!writer.hasRoom(name)) return false;
    writer.put(name, ino, position, FileType.directory);
  }
  return true;
};

/** All the others. */
const putEntries = (writer: Writer, table: InodeTable, directory: Inode, after: number, plus: boolean): void => {
  const { node } = directory;
  if (node.kind !== 'directory') return;
  const { names, positions } = table.list(directory);
  for (let index = firstAbove(positions, after - PARENT); index < names.length; index++) {
    const name = names[index] ?? '';
    if (!writer.hasRoom(name)) return;
    const child = plus ? table.lookUp(directory, name) : undefined;
    const childNode = child?.node ?? node.child(name);
    if (!childNode) continue;
    const ino = child?.id ?? table.listedId(directory, name);
    writer.put(name, ino, (positions[index] ?? 0) + PARENT, typeOf(childNode), child);
  }
};

/** Which part of a listing is wanted, and where it goes. */
interface Part {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** The position of the last entry before it. */
  readonly after: number;
  /** With each entry what `LOOKUP` would answer, which counts as telling the kernel of it. */
  readonly plus: boolean;
}

/**
 * Write the entries of a directory that come after a position, as many as there is room for.
 *
 * @returns Where the last one ends; `undefined`: there are entries, and not even one has room.
 */
export const putDirectory = (table: InodeTable, directory: Inode, part: Part): number | undefined => {
  const { bytes, start, end, after, plus } = part;
  const writer = new Writer(bytes, start, end, plus);
  if (putDots(writer, directory, after)) putEntries(writer, table, directory, after, plus);
  return writer.at === start && writer.isFull ? undefined : writer.at;
};
