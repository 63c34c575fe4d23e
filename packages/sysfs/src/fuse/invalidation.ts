import type { TreeChange } from '../node.js';
import { Fields } from './fields.js';
import { type Inode, withAllBelow } from './inodes.js';
import { DeleteEntry, InvalEntry, InvalInode, Notice, ReplyHeader } from './protocol.js';
import type { FuseServer } from './server.js';

/** Something that the kernel is to be told. */
export interface Notification {
  readonly bytes: Uint8Array;
  /**
   * What to say if the kernel answers with an error. The directory is not empty: something below is in use. Or it is not
   * there under its name: something in it is in use, and keeps alive what the kernel would drop.
   */
  readonly otherwise?: () => readonly Notification[];
  /**
   * Say it once more, a moment later, if the kernel answers that it knows no such entry: an answer to a look-up may be on
   * its way, which it takes in only then. Kernels before 6.19 wait for that by themselves.
   */
  readonly isFresh?: boolean;
}

const message = (code: number, bodyBytes: number, name = ''): { bytes: Uint8Array; body: Fields } => {
  const nameBytes = Buffer.from(name);
  const bytes = new Uint8Array(ReplyHeader.bytes + bodyBytes + (name === '' ? 0 : nameBytes.length + 1));
  bytes.set(nameBytes, ReplyHeader.bytes + bodyBytes);
  const header = new Fields(bytes);
  header.put32(ReplyHeader.length, bytes.length);
  header.put32(ReplyHeader.error, code);
  return { bytes, body: new Fields(bytes, ReplyHeader.bytes) };
};

/** Drop attributes and, of a directory, the listing. */
const invalInode = ({ id }: Inode): Notification => {
  const { bytes, body } = message(Notice.invalInode, InvalInode.bytes);
  body.put64(InvalInode.ino, id);
  return { bytes };
};

/** Drop what is kept under a name, even that there is nothing. */
const invalEntry = (parent: Inode, name: string): Notification => {
  const { bytes, body } = message(Notice.invalEntry, InvalEntry.bytes, name);
  body.put64(InvalEntry.parent, parent.id);
  body.put32(InvalEntry.nameLength, Buffer.byteLength(name));
  return { bytes };
};

/** The entry has gone. */
const deleteEntry = (parent: Inode, child: Inode): Notification => {
  const { bytes, body } = message(Notice.delete, DeleteEntry.bytes, child.name);
  body.put64(DeleteEntry.parent, parent.id);
  body.put64(DeleteEntry.child, child.id);
  body.put32(DeleteEntry.nameLength, Buffer.byteLength(child.name));
  return { bytes };
};

/** What has an open file below it or is one, children before parents. */
function* inUse(inode: Inode): Generator<Inode> {
  let found = inode.opens > 0;
  for (const child of inode.entries?.known.values() ?? []) {
    for (const one of inUse(child)) {
      found = true;
      yield one;
    }
  }
  if (found) yield inode;
}

/**
 * Follow a change of the tree: what has gone is gone for every later request, and the kernel is to be told.
 *
 * The order matters. The kernel drops the unused entries below a directory by itself, but refuses to delete one in which
 * something is in use; so what is in use below goes first. An entry comes before the listing of its directory, because
 * only for the former the kernel waits until answers under way have been taken in, which the latter then drops.
 *
 * @returns What to tell the kernel, in this order. It answers `ENOENT` to what it does not know; that is in order.
 */
export const follow = ({ inodes, files }: FuseServer, { type, path }: TreeChange): Notification[] => {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const parent = inodes.at(path.slice(0, Math.max(slash, 0)));
  if (!parent || name === '') return [];
  const known = parent.entries?.known.get(name);
  if (type === 'changed' && !known) return [];
  // What is still the same has not come anew, whatever was said.
  if (known && type !== 'removed' && parent.node.kind === 'directory' && parent.node.child(name) === known.node)
    return [invalInode(known)];

  const fresh = inodes.isFresh(parent) && { isFresh: true };
  if (!known) {
    inodes.unlist(parent, name);
    return [{ ...invalEntry(parent, name), ...fresh }, invalInode(parent)];
  }
  // Who writes a file holds its lock until the answer, and the answer may wait for this: that file goes without the lock.
  const { writing } = files;
  const remove = (inode: Inode): Notification =>
    inode === writing ? invalEntry(inode.parent ?? parent, inode.name) : deleteEntry(inode.parent ?? parent, inode);
  const below = [...inUse(known)].filter((inode) => inode !== known);
  inodes.drop(known);
  return [
    ...below.map(remove),
    { ...remove(known), ...fresh, ...(known.entries && { otherwise: () => [...withAllBelow(known)].map(remove) }) },
    invalInode(parent),
  ];
};
