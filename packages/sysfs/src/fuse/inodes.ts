import type { SysfsDirectory, SysfsNode } from '../node.js';
import { ROOT_ID } from './protocol.js';

/** What the kernel knows of a directory's entries. */
export interface Entries {
  readonly known: Map<string, Inode>;
  /** Numbers of the entries that the kernel knows or has listed, ascending. */
  readonly ids: Map<string, number>;
  /** The names of {@link ids}, while they are all that the directory has. */
  listing: readonly string[] | undefined;
  /** The directory's link count, while it is right. */
  links: number | undefined;
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
 * An entry is numbered when the kernel first hears of it, and numbers only rise: so they also serve as positions in a
 * directory, which stay right while entries come and go. The kernel counts every answer that names an entry, and gives the
 * counts back when it drops what it keeps of it; only then may our record go.
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

  get(id: number): Inode | undefined {
    return this.#byId.get(id);
  }

  /** The entry of a directory, counted as told to the kernel. `undefined`: there is none. */
  lookUp(parent: Inode, name: string): Inode | undefined {
    const { node, gone, entries } = parent;
    if (node.kind !== 'directory' || gone || !entries) return undefined;
    const child = node.child(name);
    if (!child) return undefined;
    let inode = entries.known.get(name);
    // Another object under the same name is another entry, although nobody said that the old one went.
    if (inode && inode.node !== child) {
      this.drop(inode);
      inode = undefined;
    }
    if (!inode) {
      inode = this.#make(this.idOf(entries, name), parent, name, child);
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

  /** The names in a directory, in the order of their numbers. */
  list({ node, gone, entries }: Inode): readonly string[] {
    if (node.kind !== 'directory' || gone || !entries) return [];
    if (!entries.listing) {
      for (const name of node.names()) this.idOf(entries, name);
      entries.listing = [...entries.ids.keys()];
    }
    return entries.listing;
  }

  /** The number of an entry of a directory. */
  idOf({ ids }: Entries, name: string): number {
    let id = ids.get(name);
    if (id === undefined) {
      id = this.#nextId++;
      ids.set(name, id);
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
    entries.ids.delete(name);
    entries.listing = undefined;
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
      one.node = standIn(one.node);
    }
  }

  #make(id: number, parent: Inode | undefined, name: string, node: SysfsNode): Inode {
    const entries: Entries | undefined =
      node.kind === 'directory'
        ? { known: new Map(), ids: new Map(), listing: undefined, links: undefined }
        : undefined;
    const inode: Inode = { id, parent, name, node, gone: false, lookups: 0, opens: 0, born: this.#now(), entries };
    this.#byId.set(id, inode);
    return inode;
  }
}
