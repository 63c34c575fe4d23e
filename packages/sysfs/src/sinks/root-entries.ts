import type { SysfsDirectory } from '../node.js';
import { readContent } from './read-content.js';
import { sortedWalk } from './sorted-walk.js';

/** A file of a root directory that is not in its `sys`. */
export interface RootFile {
  /** `proc/cmdline` */
  readonly path: string;
  /** The whole content; it is not copied. */
  readonly bytes: Uint8Array;
}

/** One entry of a root directory, its path without a leading slash: `sys/kernel/iommu_groups`. */
export type RootEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly bytes: Uint8Array;
      /** It may be read, and did not answer: why. It is written empty. */
      readonly errno?: string;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** Also where the tree says less, as of its top: nobody but root could fill such a folder. */
const DIRECTORY = 0o755;
const FILE = 0o644;
/** Who may read and write; nothing that lets a program run as another user. */
const PERMISSIONS = 0o666;

/** Files, and before the first in each directory the directory. */
function* besideEntries(files: readonly RootFile[]): Generator<RootEntry> {
  const made = new Set<string>();
  for (const { path, bytes } of files) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const directory = parts.slice(0, depth).join('/');
      if (made.has(directory)) continue;
      made.add(directory);
      yield { kind: 'directory', path: directory, mode: DIRECTORY };
    }
    yield { kind: 'file', path, mode: FILE, bytes };
  }
}

/**
 * A root directory with the tree as its `sys`: what a folder and an archive hold, parents before children, by ascending
 * name, so that the same machine gives the same bytes.
 *
 * @param sys - `/sys` itself.
 * @param beside - What stands beside it, none of it below `sys`.
 * @throws IommuError `ERR_SYSFS_NAME` for a name or a link that no file system should be given.
 */
export function* rootEntries(sys: SysfsDirectory, beside: readonly RootFile[] = []): Generator<RootEntry> {
  yield* besideEntries(beside);
  yield { kind: 'directory', path: 'sys', mode: DIRECTORY };
  for (const [below, node] of sortedWalk(sys)) {
    const path = `sys/${below}`;
    if (node.kind === 'directory') yield { kind: 'directory', path, mode: DIRECTORY };
    else if (node.kind === 'link') yield { kind: 'link', path, target: node.target };
    else {
      const { bytes, errno } = readContent(node);
      yield { kind: 'file', path, mode: node.mode & PERMISSIONS, bytes, ...(errno !== undefined && { errno }) };
    }
  }
}
