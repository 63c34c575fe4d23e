import type { SysfsDirectory, SysfsNode } from '../node.js';
import { checkedName, checkedTarget } from './entry-names.js';

/** An entry, and where it is below the top: `kernel/iommu_groups/0`. */
export type PlacedNode = readonly [path: string, node: SysfsNode, name: string];

/** Names in the order of their UTF-16 code units, each once. */
export const sortedNames = (directory: SysfsDirectory): string[] => [...new Set(directory.names())].sort();

/**
 * Every entry below a directory, by ascending name, parents before children: of one machine always the same, however it
 * came about.
 *
 * @param top - Its own path is `''`.
 * @throws IommuError `ERR_SYSFS_NAME` for a name or a link that no file system should be given.
 */
export function* sortedWalk(top: SysfsDirectory): Generator<PlacedNode> {
  /** Directories that are being listed: the path of each, and the names that are left of it. */
  const open: { directory: SysfsDirectory; path: string; names: Iterator<string> }[] = [];
  const enter = (directory: SysfsDirectory, path: string): void => {
    open.push({ directory, path, names: sortedNames(directory)[Symbol.iterator]() });
  };
  enter(top, '');
  for (let here = open.at(-1); here; here = open.at(-1)) {
    const { done, value: name } = here.names.next();
    if (done === true) {
      open.pop();
      continue;
    }
    const node = here.directory.child(name);
    if (!node) continue;
    const path = here.path === '' ? checkedName(name, '/') : `${here.path}/${checkedName(name, here.path)}`;
    if (node.kind === 'link') checkedTarget(node.target, path);
    yield [path, node, name];
    if (node.kind === 'directory') enter(node, path);
  }
}
