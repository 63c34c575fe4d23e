/*
 * A tree of sysfs as data. Nothing is computed before it is asked for, and everything shows the model as it is then.
 */

/** Who reads or writes, as far as the kernel's checks go. */
export interface Caller {
  /** Effective user id. */
  readonly uid: number;
  /** `CAP_SYS_ADMIN` */
  readonly sysAdmin: boolean;
  /** `CAP_SYS_RAWIO` */
  readonly sysRawio: boolean;
}

/** Root with all its capabilities. */
export const ROOT: Caller = { uid: 0, sysAdmin: true, sysRawio: true };

/** A directory of a kobject or of an attribute group. */
export interface SysfsDirectory {
  /** Of the three kinds of {@link SysfsNode} the only one with entries. */
  readonly kind: 'directory';
  /** Permission bits: 0o755. */
  readonly mode: number;
  /** Names of its entries, in the order in which they were made. */
  names(): Iterable<string>;
  /** `undefined`: no such entry. The same object as long as the entry lives. */
  child(name: string): SysfsNode | undefined;
}

/** An attribute. */
export interface SysfsFile {
  /** Of text and of binary attributes alike. */
  readonly kind: 'file';
  /** Permission bits: 0o444, 0o644, 0o200. */
  readonly mode: number;
  /** As `stat` shows it, in bytes: 4096 for text whatever its length, the real length of binary files, 0 where unknown. */
  readonly size: number;
  /**
   * The whole content.
   *
   * @throws IommuError `ERR_REFUSED` with the kernel's errno: `EACCES` for a caller without the capability, `ENODEV` when
   * the device is gone, `EIO` for a file that is only written.
   */
  read(caller: Caller): Uint8Array;
  /**
   * One write from the start of the file, of a page at most. Absent: nothing can be written.
   *
   * @returns How many bytes were taken.
   * @throws IommuError `ERR_REFUSED` with the kernel's errno
   */
  write?(bytes: Uint8Array, caller: Caller): number;
}

/** A symbolic link. */
export interface SysfsLink {
  /** {@link nodeAt} and {@link walk} stop at it. */
  readonly kind: 'link';
  /** Relative, and no longer than it must be: `../../../kernel/iommu_groups/0`. */
  readonly target: string;
}

/** What a name of a directory leads to. */
export type SysfsNode = SysfsDirectory | SysfsFile | SysfsLink;

/**
 * A path that appeared, vanished, or whose content changed. Of a subtree only its top is named.
 *
 * A removal comes after the model has changed; the parent's removal stands for all below it.
 */
export interface TreeChange {
  /** `changed`: what an attribute shows is another, or may be. */
  readonly type: 'added' | 'removed' | 'changed';
  /** Below the top, without a leading slash: `devices/pci0000:00/0000:00:1c.0`. */
  readonly path: string;
}

/** A tree that changes while it is looked at. */
export interface SysfsTree {
  /** `/sys` itself. */
  readonly root: SysfsDirectory;
  /**
   * Hear of every change from now on, during the call on the machine that brings it about.
   *
   * @returns A function that takes the listener off.
   */
  on(listener: (change: TreeChange) => void): () => void;
}

/** The entry at a path as it stands, links not followed. `''` is the directory itself. */
export const nodeAt = (top: SysfsDirectory, path: string): SysfsNode | undefined => {
  let node: SysfsNode | undefined = top;
  for (const name of path.split('/')) {
    if (name === '') continue;
    if (node?.kind !== 'directory') return undefined;
    node = node.child(name);
  }
  return node;
};

/** Every entry below a directory, parents before children, without the directory itself. Bounded by the tree's own size. */
export function* walk(top: SysfsDirectory, prefix = ''): Generator<readonly [path: string, node: SysfsNode]> {
  for (const name of top.names()) {
    const node = top.child(name);
    if (!node) continue;
    const path = prefix === '' ? name : `${prefix}/${name}`;
    yield [path, node];
    if (node.kind === 'directory') yield* walk(node, path);
  }
}
