import type { SysfsDirectory, SysfsNode } from '../node.js';
import { Fields } from './fields.js';
import type { Entries, Inode } from './inodes.js';
import { Attr, EntryOut, FileType } from './protocol.js';

/** How long the kernel may keep what it was told, in seconds. It is told at once when that changes. */
export const CACHE_SECONDS = 3600;

const BLOCK_SIZE = 4096;

/** Directories with more entries than this are not counted. */
const COUNTED = 4096;
/** The link count of a directory whose subdirectories are not counted, as other filesystems give it. */
const NOT_COUNTED = 1;

/** The type of an entry, as in the mode of `stat`. */
export const typeOf = ({ kind }: SysfsNode): number => FileType[kind];

const LINK_MODE = 0o777;

export const permissionsOf = (node: SysfsNode): number => (node.kind === 'link' ? LINK_MODE : node.mode);

const countLinks = (directory: SysfsDirectory): number => {
  let seen = 0;
  let links = 2;
  for (const name of directory.names()) {
    if (++seen > COUNTED) return NOT_COUNTED;
    if (directory.child(name)?.kind === 'directory') links += 1;
  }
  return links;
};

const linksOf = (node: SysfsNode, entries: Entries | undefined): number => {
  if (node.kind !== 'directory' || !entries) return 1;
  entries.links ??= countLinks(node);
  return entries.links;
};

/**
 * Write the attributes of an entry.
 *
 * A directory and a link have size 0, a file the size that it states. Times are when the kernel was first told of the
 * entry, as sysfs has them.
 *
 * @see Linux v6.1 fs/kernfs/inode.c set_default_inode_attr(), kernfs_refresh_inode()
 */
export const putAttributes = (bytes: Uint8Array, base: number, { id, node, gone, entries, born }: Inode): void => {
  const out = new Fields(bytes, base);
  const seconds = Math.floor(born / 1000);
  const nanoseconds = (born % 1000) * 1_000_000;
  bytes.fill(0, base, base + Attr.bytes);
  out.put64(Attr.ino, id);
  out.put64(Attr.size, node.kind === 'file' ? node.size : 0);
  for (const time of [Attr.atime, Attr.mtime, Attr.ctime]) out.put64(time, seconds);
  for (const time of [Attr.atimeNs, Attr.mtimeNs, Attr.ctimeNs]) out.put32(time, nanoseconds);
  out.put32(Attr.mode, typeOf(node) | permissionsOf(node));
  out.put32(Attr.nlink, gone ? 0 : linksOf(node, entries));
  out.put32(Attr.blockSize, BLOCK_SIZE);
};

/** Write what `LOOKUP` answers with. `undefined`: there is no such entry, and the kernel may keep that. */
export const putEntry = (bytes: Uint8Array, base: number, inode: Inode | undefined): void => {
  const out = new Fields(bytes, base);
  bytes.fill(0, base, base + EntryOut.bytes);
  out.put64(EntryOut.entryValid, CACHE_SECONDS);
  if (!inode) return;
  out.put64(EntryOut.nodeid, inode.id);
  out.put64(EntryOut.attrValid, CACHE_SECONDS);
  putAttributes(bytes, base + EntryOut.attr, inode);
};
