import { constants, openSync } from 'node:fs';
import { IommuError } from '@iommu/core';
import { mountTable } from './mount-table.js';
import { runProgram } from './programs.js';

const DEVICE = '/dev/fuse';

/** As the mount table shows it. */
export const FUSE_TYPE = 'fuse.iommu';
const SOURCE = 'iommu';

const ADVICE =
  'mount as root, or within a user namespace (unshare -Urm); without either, write a folder (iommu render --to DIR) or start a program in one (iommu run)';

const refusal = (what: string, cause?: unknown): IommuError =>
  new IommuError('ERR_SYSFS_MOUNT', `${what}; ${ADVICE}`, { cause });

/** `mount` serves the superuser alone, that of a user namespace included. @throws IommuError `ERR_SYSFS_MOUNT` */
export const requireSuperuser = (): void => {
  if (process.geteuid?.() !== 0) throw refusal('only root may mount');
};

/** @throws IommuError `ERR_SYSFS_MOUNT` */
export const openDevice = (nonBlocking: boolean): number => {
  try {
    return openSync(DEVICE, constants.O_RDWR | (nonBlocking ? constants.O_NONBLOCK : 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO')
      throw refusal(`${DEVICE} is not there: this kernel, or this container, has no FUSE`, error);
    throw refusal(`${DEVICE} cannot be opened (${code})`, error);
  }
};

/**
 * Mount a device that was opened by {@link openDevice}. Every user may look at the tree; modes are checked by the kernel.
 *
 * @param path - An empty directory, absolute, without links.
 * @throws IommuError `ERR_SYSFS_MOUNT`
 */
export const mountDevice = async (descriptor: number, path: string, readOnly: boolean): Promise<void> => {
  const options = [
    'fd=3',
    'rootmode=40000',
    'user_id=0',
    'group_id=0',
    'allow_other',
    'default_permissions',
    'nosuid,nodev,noexec',
    ...(readOnly ? ['ro'] : []),
  ];
  const words = ['-i', '-n', '-t', FUSE_TYPE, '-o', options.join(','), SOURCE, path];
  const { status, stderr } = await runProgram('mount', words, descriptor);
  if (status !== 0) throw refusal(`${path} cannot be mounted (${stderr || 'mount was ended by a signal'})`);
};

/** Whether a mount of ours is there, as far as this process's mount table goes. */
export const isMounted = (path: string): boolean =>
  mountTable().some((entry) => entry.path === path && entry.type === FUSE_TYPE);

/**
 * Unmount; where programs still use it, take it out of their sight.
 *
 * @returns What was in the way, if it is still there.
 */
export const unmount = async (path: string): Promise<string | undefined> => {
  const gently = await runProgram('umount', ['-n', path]);
  if (gently.status === 0 || !isMounted(path)) return undefined;
  const lazily = await runProgram('umount', ['-n', '-l', path]);
  return lazily.status === 0 || !isMounted(path) ? undefined : lazily.stderr;
};

/**
 * Take off a mount that nobody serves: first end the connection, so that programs which wait for an answer get an error.
 *
 * @returns Whether it is gone.
 */
export const forceUnmount = async (path: string): Promise<boolean> => {
  const before = mountTable().filter((entry) => entry.path === path).length;
  await runProgram('umount', ['-n', '-f', path]);
  if (mountTable().filter((entry) => entry.path === path).length === before)
    await runProgram('umount', ['-n', '-l', path]);
  return mountTable().filter((entry) => entry.path === path).length < before;
};
