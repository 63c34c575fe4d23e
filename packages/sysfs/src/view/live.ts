import { join } from 'node:path';
import type { Machine } from '@iommu/machine';
import { type Mount, type MountOptions, mountSysfs } from '../fuse/mount-sysfs.js';
import type { SysfsTree } from '../node.js';
import type { Modelled, Place } from './enter.js';
import { listingOfTree } from './listing.js';
import { mayMount } from './namespace.js';

/** What {@link live} mounts. */
export interface Live extends Omit<MountOptions, 'within' | 'stderr' | 'background'> {
  /** What the process of the mount boots: the description that `tree` was made of. */
  readonly machine: Machine;
  /** The tree of the same machine, booted the same: only for which entries it has. */
  readonly tree: SysfsTree;
  /** Called once it is mounted, before anybody looks. */
  readonly prepare?: (mount: Mount) => Promise<void>;
}

/** How a process gets where the view's mounts are. @see nsenter(1) */
const into = (pid: number): string[] => [
  'nsenter',
  '--target',
  String(pid),
  ...(mayMount() ? [] : ['--user', '--preserve-credentials']),
  '--mount',
  '--',
];

/**
 * A machine mounted in a view's namespace, and nowhere else: what is written is done on the machine, and what happens to it
 * is seen at once in what the view has from the model alone.
 *
 * @returns For {@link enterView}; it throws `ERR_SYSFS_MOUNT` where FUSE is refused.
 */
export const live =
  ({ machine, tree, prepare, ...options }: Live) =>
  async ({ pid, path }: Place): Promise<Modelled> => {
    // Whoever shares standard error with the program may change how it behaves.
    const mount = await mountSysfs(machine, path, { ...options, within: into(pid), stderr: 'ignore' });
    try {
      await prepare?.(mount);
    } catch (error) {
      await mount.unmount();
      throw error;
    }
    return {
      path: join(path, 'sys'),
      listing: listingOfTree(tree.root),
      writable: true,
      close: () => mount.unmount(),
    };
  };
