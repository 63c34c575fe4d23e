import type { SysfsDirectory, SysfsNode } from '../node.js';
import { ROOT_ID, UNKNOWN_ID } from './protocol.js';

/** A directory's entries in the order of their positions: a listing that was interrupted goes on behind one. */
export interface Listing {
  readonly names: readonly string[];
  /** Ascending. An entry keeps its position; what comes later has a higher one. */
  readonly positions: readonly number[];
}

/** What the kernel knows of a directory's entries. */
export interface Entries {
  readonly known: Map<string, Inode>;
  /** Numbers that were given to entries before the kernel knew them: what a listing shows is what `stat` shows. */
  readonly promised: Map<string, number>;
  /** As it was listed last. */
  listing: Listing | undefined;
  /** Something has come or gone since. */
  isStale: boolean;
  /** The directory's link count, while it is right. */
  links: number | undefined;
  /** When the kernel was last told of an entry, or that there is none, in milliseconds since 1970. */
  told: number;
}

/** An entry of the tree that the kernel knows by a number. */
export interface Inode {
  /** As `stat` shows it. Never given to another entry. */
  readonly id: number;
  /** `undefined`: the top. */
  readonly parent: Inode | undefined;
  readonly name: string;
  node: SysfsNode;
  /** It has left the tree, but the kernel or a program still holds it: {@link node} is a stand-in. */
  gone: boolean;
  /** How often the kernel was told of it, less what it has given back. */
  lookups: number;
  /** How many open files there are. */
  opens: number;
  /** When the kernel was first told of it, in milliseconds since 1970. */
  readonly born: number;
  /** Of a directory. */
  readonly entries: Entries | undefined;
}

/** Entries of a directory with more than so many are not numbered before they are looked up. */
const LARGE = 4096;

/** So long an answer may be on its way, in milliseconds. */
const FRESH = 200;

/** The entries of a directory now; those that were listed before keep their positions. */
const listingOf = (directory: SysfsDirectory, before: Listing | undefined): Listing => {
  const now = [...directory.names()];
  if (!before) return { names: now, positions: now.map((_, index) => index + 1) };
  const there = new Set(now);
  const names: string[] = [];
  const positions: number[] = [];
  before.names.forEach((name, index) => {
    // What is left over is new.
    if (!there.delete(name)) return;
    names.push(name);
    positions.push(before.positions[index] ?? 0);
  });
  let next = (before.positions.at(-1) ?? 0) + 1;
  for (const name of there) {
    names.push(name);
    positions.push(next++);
  }
  return { names, positions };
};

/** What `stat` still shows of an entry that has gone. Holds nothing of the machine. */
const standIn = (node: SysfsNode): SysfsNode => {
  switch (node.kind) {
    case 'directory':
      return { kind: 'directory', mode: node.mode, names: () => [], child: () => undefined };
    case 'link':
      return node;
    case 'file':
      return { kind: 'file', mode: node.mode, size: node.size, read: () => new Uint8Array(0) };
  }
};

/** All that the kernel knows of a subtree, children before parents. */
export function* withAllBelow(inode: Inode): Generator<Inode> {
  for (const child of inode.entries?.known.values() ?? []) yield* withAllBelow(child);
  yield inode;
}

/**
 * What the kernel knows of a tree.
 *
 * An entry is numbered when the kernel first hears of it. The kernel counts every answer that names an entry, and gives
 * the counts back when it drops what it keeps of it; only then may our record go.
 */
export class InodeTable {
  readonly root: Inode;
  readonly #byId = new Map<number, Inode>();
  readonly #now: () => number;
  #nextId = ROOT_ID;

  constructor(root: SysfsDirectory, now: () => number) {
    this.#now = now;
    this.root = this.#make(this.#nextId++, undefined, '', root);
  }

  /** How many entries the kernel knows. */
  get size(): number {
    return this.#byId.size;
  }

  /** Whether the kernel may still be taking in what it was told of a directory's entries. */
  isFresh({ entries }: Inode): boolean {
    return entries !== undefined && this.#now() - entries.told < FRESH;
  }

  get(id: number): Inode | undefined {
    return this.#byId.get(id);
  }

  /** The entry of a directory, counted as told to the kernel. `undefined`: there is none. */
  lookUp(parent: Inode, name: string): Inode | undefined {
    const { node, gone, entries } = parent;
    if (node.kind !== 'directory' || gone || !entries) return undefined;
    entries.told = this.#now();
    const child = node.child(name);
    if (!child) return undefined;
    let inode = entries.known.get(name);
    // Another object under the same name is another entry, although nobody said that the old one went.
    if (inode && inode.node !== child) {
      this.drop(inode);
      inode = undefined;
    }
    if (!inode) {
      inode = this.#make(this.#promise(entries, name), parent, name, child);
      entries.known.set(name, inode);
    }
    inode.lookups += 1;
    return inode;
  }

  /** The kernel gives counts back. It never forgets the top. */
  forget(id: number, lookups: number): void {
    const inode = this.#byId.get(id);
    if (!inode || inode === this.root) return;
    inode.lookups -= lookups;
    if (inode.lookups > 0) return;
    this.#byId.delete(id);
    const siblings = inode.parent?.entries?.known;
    if (siblings?.get(inode.name) === inode) siblings.delete(inode.name);
  }

  /** The entries of a directory. */
  list({ node, gone, entries }: Inode): Listing {
    if (node.kind !== 'directory' || gone || !entries) return { names: [], positions: [] };
    if (!entries.listing || entries.isStale) {
      entries.listing = listingOf(node, entries.listing);
      entries.isStale = false;
    }
    return entries.listing;
  }

  /** The number of an entry that a listing shows. Those of large directories are told only where they are known. */
  listedId({ entries }: Inode, name: string): number {
    if (!entries) return UNKNOWN_ID;
    const known = entries.known.get(name);
    if (known) return known.id;
    return (entries.listing?.names.length ?? 0) > LARGE ? UNKNOWN_ID : this.#promise(entries, name);
  }

  #promise({ promised }: Entries, name: string): number {
    let id = promised.get(name);
    if (id === undefined) {
      id = this.#nextId++;
      promised.set(name, id);
    }
    return id;
  }

  /** What the kernel knows at a path of the tree; `undefined` also where it knows nothing. */
  at(path: string): Inode | undefined {
    let inode: Inode | undefined = this.root;
    for (const name of path.split('/')) if (name !== '') inode = inode?.entries?.known.get(name);
    return inode;
  }

  /** A name has come or gone: what comes under it next has another number. */
  unlist({ entries }: Inode, name: string): void {
    if (!entries) return;
    entries.promised.delete(name);
    entries.isStale = true;
    entries.links = undefined;
  }

  /** An entry has gone, with all below it. */
  drop(inode: Inode): void {
    const { parent, name } = inode;
    if (parent?.entries?.known.get(name) === inode) {
      parent.entries.known.delete(name);
      this.unlist(parent, name);
    }
    for (const one of withAllBelow(inode)) {
      one.gone = true;
      if (one.entries) one.entries.listing = undefined;
      one.node = standIn(one.node);
    }
  }

  #make(id: number, parent: Inode | undefined, name: string, node: SysfsNode): Inode {
    const entries: Entries | undefined =
      node.kind === 'directory'
        ? { known: new Map(), promised: new Map(), listing: undefined, isStale: false, links: undefined, told: 0 }
        : undefined;
    const inode: Inode = { id, parent, name, node, gone: false, lookups: 0, opens: 0, born: this.#now(), entries };
    this.#byId.set(id, inode);
    return inode;
  }
}
