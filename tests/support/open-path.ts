import { posix } from 'node:path';
import { nodeAt, type SysfsDirectory, type SysfsNode } from '@iommu/sysfs';

/** Links on one way; the kernel follows forty. */
const MOST_LINKS = 40;

/** What a program finds that opens a path below `/sys`: links are followed. */
export const openPath = (root: SysfsDirectory, path: string): SysfsNode | undefined => {
  let parts = path.split('/');
  let links = 0;
  for (let at = 0; at < parts.length; at++) {
    const way = parts.slice(0, at + 1).join('/');
    const node = nodeAt(root, way);
    if (node?.kind !== 'link') continue;
    if (++links > MOST_LINKS) return undefined;
    parts = posix.join(posix.dirname(way), node.target, ...parts.slice(at + 1)).split('/');
    at = -1;
  }
  return nodeAt(root, parts.join('/'));
};

const decoder = new TextDecoder();

/** A text file without its newline; `undefined`: no such file. */
export const readPath = (root: SysfsDirectory, path: string): string | undefined => {
  const node = openPath(root, path);
  if (node?.kind !== 'file') return undefined;
  return decoder.decode(node.read({ uid: 0, sysAdmin: true, sysRawio: true })).trimEnd();
};

/** Names in a directory, sorted; none when it is not there. */
export const listPath = (root: SysfsDirectory, path: string): string[] => {
  const node = openPath(root, path);
  return node?.kind === 'directory' ? [...node.names()].sort() : [];
};
