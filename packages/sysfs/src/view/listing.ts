import { type Dirent, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { nodeAt, type SysfsDirectory } from '../node.js';

/** What stands in a directory, without anything of its content. */
export type Entry =
  | { readonly name: string; readonly kind: 'directory' | 'file' }
  | { readonly name: string; readonly kind: 'link'; readonly target: string };

/** Which entries a tree has, asked directory by directory. Paths are without a leading slash; `''` is the top. */
export interface Listing {
  /** In no particular order; empty where there is no directory, or it may not be read. */
  list(path: string): readonly Entry[];
}

const entryOf = (directory: string, dirent: Dirent): Entry[] => {
  const { name } = dirent;
  if (dirent.isDirectory()) return [{ name, kind: 'directory' }];
  if (dirent.isFile()) return [{ name, kind: 'file' }];
  if (!dirent.isSymbolicLink()) return [];
  try {
    return [{ name, kind: 'link', target: readlinkSync(join(directory, name)) }];
  } catch {
    // Its device went away meanwhile.
    return [];
  }
};

/** The entries of a folder on disk, or of a mounted file system, as they are when asked. */
export const listingOfFolder = (top: string): Listing => ({
  list(path) {
    const directory = join(top, path);
    try {
      return readdirSync(directory, { withFileTypes: true }).flatMap((dirent) => entryOf(directory, dirent));
    } catch {
      return [];
    }
  },
});

/** The entries of a modelled tree. */
export const listingOfTree = (root: SysfsDirectory): Listing => ({
  list(path) {
    const directory = nodeAt(root, path);
    if (directory?.kind !== 'directory') return [];
    return [...directory.names()].flatMap((name): Entry[] => {
      const node = directory.child(name);
      if (!node) return [];
      return [node.kind === 'link' ? { name, kind: 'link', target: node.target } : { name, kind: node.kind }];
    });
  },
});

/** `a/b` of `''` and of a directory. */
export const under = (directory: string, name: string): string => (directory === '' ? name : `${directory}/${name}`);

/** Where a relative link leads, read by its text alone; `undefined`: out of the tree. */
export const targetOf = (directory: string, target: string): string | undefined => {
  if (target.startsWith('/')) return undefined;
  const parts = directory.split('/').filter(Boolean);
  for (const part of target.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
};

/** Whether one of `paths` is `path` or a directory above it. */
export const covers = (paths: ReadonlySet<string>, path: string): boolean => {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (paths.has(path.slice(0, end))) return true;
  }
  return false;
};
