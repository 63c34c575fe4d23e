import { putEntry, typeOf } from './attributes.js';
import { Fields } from './fields.js';
import type { Inode, InodeTable } from './inodes.js';
import { Dirent, EntryOut, FileType } from './protocol.js';

/** Positions of the two entries that every directory has; that of another is its number plus {@link FIRST}. */
const SELF = 1;
const PARENT = 2;
const FIRST = 2;

const padded = (bytes: number): number => (bytes + 7) & ~7;

/** Writes entries one after another, as far as there is room. */
class Writer {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #isPlus: boolean;
  at: number;

  constructor(bytes: Buffer, start: number, end: number, isPlus: boolean) {
    this.#bytes = bytes;
    this.#end = end;
    this.#isPlus = isPlus;
    this.at = start;
  }

  hasRoom(name: string): boolean {
    const entry = this.#isPlus ? EntryOut.bytes : 0;
    return this.at + entry + padded(Dirent.bytes + Buffer.byteLength(name)) <= this.#end;
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
    const out = new Fields(this.#bytes, this.at);
    out.put64(Dirent.ino, ino);
    out.put64(Dirent.offset, position);
    out.put32(Dirent.nameLength, length);
    out.put32(Dirent.type, type >> 12);
    const next = this.at + padded(Dirent.bytes + length);
    this.#bytes.fill(0, nameAt + length, next);
    this.at = next;
  }
}

/** The first of ascending numbers that is above a given one, by halving. */
const firstAbove = (length: number, numberAt: (index: number) => number, bound: number): number => {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numberAt(middle) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
};

/**
 * Write the entries of a directory that come after a position, as many as there is room for.
 *
 * @param plus - With each entry what `LOOKUP` would answer, which counts as telling the kernel of it.
 * @returns Where the last one ends; `undefined`: there are entries, and not even one has room.
 */
export const putDirectory = (
  table: InodeTable,
  directory: Inode,
  { bytes, start, end, after, plus }: { bytes: Buffer; start: number; end: number; after: number; plus: boolean },
): number | undefined => {
  const writer = new Writer(bytes, start, end, plus);
  const { entries, node } = directory;
  if (!entries || node.kind !== 'directory') return start;
  const full = () => (writer.at === start ? undefined : writer.at);
  if (after < SELF) {
    if (!writer.hasRoom('.')) return full();
    writer.put('.', directory.id, SELF, FileType.directory);
  }
  if (after < PARENT) {
    if (!writer.hasRoom('..')) return full();
    writer.put('..', (directory.parent ?? directory).id, PARENT, FileType.directory);
  }
  const names = table.list(directory);
  const idAt = (index: number) => entries.ids.get(names[index] ?? '') ?? 0;
  for (let index = firstAbove(names.length, idAt, after - FIRST); index < names.length; index++) {
    const name = names[index] ?? '';
    if (!writer.hasRoom(name)) return full();
    const child = plus ? table.lookUp(directory, name) : undefined;
    const childNode = child?.node ?? node.child(name);
    if (!childNode) continue;
    const id = table.idOf(entries, name);
    writer.put(name, id, id + FIRST, typeOf(childNode), child);
  }
  return writer.at;
};
