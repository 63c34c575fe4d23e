import { lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { IommuError, isIommuError } from '@iommu/core';
import { FUSE_TYPE, forceUnmount } from './mount.js';
import { mountTable } from './mount-table.js';

/** Where a running system has its own. */
const TAKEN = ['/sys', '/proc', '/dev'];

const target = (path: string, what: string): IommuError => new IommuError('ERR_SYSFS_TARGET', `${path}: ${what}`);

/** The path without links, as far as it can be told without asking the filesystem that may be mounted there. */
const realPath = (directory: string): string => {
  const path = resolve(directory);
  if (path === '/') return path;
  let parent: string;
  try {
    parent = realpathSync(dirname(path));
  } catch {
    throw target(directory, 'its parent directory is not there; make it first');
  }
  const place = join(parent, basename(path));
  if (mountTable().some((entry) => entry.path === place)) return place;
  try {
    return realpathSync(place);
  } catch {
    return place;
  }
};

/** Whether the entries of a mount table at a path end with one of ours. */
const isOurs = (path: string): boolean => mountTable().findLast((entry) => entry.path === path)?.type === FUSE_TYPE;

/** A mount point that is ready to be used. */
export interface Target {
  /** Absolute and without links. */
  readonly path: string;
  /** It was made for this. */
  readonly isNew: boolean;
}

/**
 * Make sure that a directory can be mounted on: make it where it is not there, and take a mount off that a process which
 * is gone has left.
 *
 * @param isServed - Whether a process answers for a mount of ours at a path.
 * @throws IommuError `ERR_SYSFS_TARGET` for a place that must not be covered, or that holds something
 */
export const prepareTarget = async (
  directory: string,
  isServed: (path: string) => Promise<boolean>,
): Promise<Target> => {
  const path = realPath(directory);
  const taken = [...TAKEN, '/'].find((place) => path === place || (place !== '/' && path.startsWith(`${place}/`)));
  if (taken !== undefined)
    throw target(
      directory,
      `${taken} is the running system's own; mount elsewhere, and bind DIR/sys over /sys in a mount namespace (iommu run)`,
    );
  while (isOurs(path)) {
    if (await isServed(path))
      throw target(directory, `is a mount already; unmount it with: iommu hotplug --mount ${path} unmount`);
    if (!(await forceUnmount(path)))
      throw target(directory, `a mount that was left behind does not go away; try: umount -f -l ${path}`);
  }
  let isNew = false;
  try {
    isNew = mkdirSync(path, { recursive: true }) !== undefined;
    if (!lstatSync(path).isDirectory()) throw target(directory, 'is not a directory');
    if (readdirSync(path).length > 0) throw target(directory, 'is not empty; name an empty or a new directory');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR') throw target(directory, 'is not a directory');
    if (code === 'ENOTCONN')
      throw target(directory, `is a mount whose process has ended; take it off with: umount -l ${path}`);
    if (code === undefined || isIommuError(error)) throw error;
    throw target(directory, `cannot be used (${code}); name a directory of your own`);
  }
  return { path, isNew };
};
