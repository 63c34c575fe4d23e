import type { SysfsDirectory, SysfsLink, SysfsNode } from '../node.js';

/** Some of the entries of a kind of directory. Holds nothing of one directory: `S` is what that shows. */
export interface Part<S> {
  names(directory: Directory<S>): Iterable<string>;
  child(name: string, directory: Directory<S>): SysfsNode | undefined;
}

/** What directories of one kind have in common. */
export interface DirectoryKind<S> {
  readonly parts: readonly Part<S>[];
  /** Whether what the directory shows still exists. */
  isThere(subject: S): boolean;
  /** Default 0o755. */
  readonly mode?: number;
}

/** A directory that asks the model for its entries whenever it is asked. */
export class Directory<S> implements SysfsDirectory {
  readonly kind = 'directory';
  /** Below `/sys`, without a leading slash. */
  readonly path: string;
  /** What it shows. */
  readonly subject: S;
  readonly #kind: DirectoryKind<S>;
  /** Whoever holds an entry holds the directory that keeps it, so that the entry stays the same object. */
  readonly above: object | undefined;
  /** Entries that were asked for. */
  #entries: Map<string, SysfsNode> | undefined;

  /** @param above - The directory whose entry it is, when that keeps it. */
  constructor(kind: DirectoryKind<S>, subject: S, path: string, above?: object) {
    this.#kind = kind;
    this.above = above;
    this.subject = subject;
    this.path = path;
  }

  get mode(): number {
    return this.#kind.mode ?? 0o755;
  }

  get isThere(): boolean {
    return this.#kind.isThere(this.subject);
  }

  /** The path of an entry. */
  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}/${name}`;
  }

  *names(): Generator<string> {
    if (!this.isThere) return;
    for (const part of this.#kind.parts) yield* part.names(this);
  }

  child(name: string): SysfsNode | undefined {
    if (!this.isThere) return undefined;
    for (const part of this.#kind.parts) {
      const node = part.child(name, this);
      if (node) return node;
    }
    this.#entries?.delete(name);
    return undefined;
  }

  /** An entry that was made before and still fits, or else a new one. */
  entry<N extends SysfsNode>(name: string, fits: (known: SysfsNode) => boolean, make: () => N): N {
    const known = this.#entries?.get(name);
    if (known && fits(known)) return known as N;
    const node = make();
    this.#entries ??= new Map();
    this.#entries.set(name, node);
    return node;
  }
}

/** A link. */
export class Link implements SysfsLink {
  readonly kind = 'link';
  readonly target: string;
  /** See {@link Directory}. */
  readonly above: object | undefined;

  constructor(target: string, above?: object) {
    this.target = target;
    this.above = above;
  }
}

/** Nodes by what they show, held only while somebody uses them. */
export class NodesOf<K extends object, N extends object> {
  readonly #nodes = new WeakMap<K, WeakRef<N>>();

  get(key: K, make: () => N): N {
    const known = this.#nodes.get(key)?.deref();
    if (known) return known;
    const node = make();
    this.#nodes.set(key, new WeakRef(node));
    return node;
  }
}
