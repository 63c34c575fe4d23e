import { IommuError } from '@iommu/core';
import { printable } from './printable.js';

/** No file system takes more. @see Linux include/uapi/linux/limits.h NAME_MAX */
const NAME_MAX = 255;

export const nameError = (message: string): IommuError => new IommuError('ERR_SYSFS_NAME', message);

/**
 * A name as it can stand in a directory: a description that somebody wrote by hand may hold others.
 *
 * @throws IommuError `ERR_SYSFS_NAME`
 */
export const checkedName = (name: string, directory: string): string => {
  const isWhole = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
  if (isWhole && Buffer.byteLength(name) <= NAME_MAX) return name;
  throw nameError(
    `'${printable(directory)}' has an entry named '${printable(name)}', which cannot be the name of a file`,
  );
};

/**
 * The target of a link, which stays within the tree: then whoever follows it in a copy of the tree stays in the copy. It
 * may climb only at its start, for `..` behind another link leads from where that one leads to.
 *
 * @param path - Of the link, from the top of the tree.
 * @throws IommuError `ERR_SYSFS_NAME`
 */
export const checkedTarget = (target: string, path: string): string => {
  const parts = target.split('/');
  const down = parts.findIndex((part) => part !== '..');
  const climbs = down < 0 ? parts.length : down;
  const depth = path.split('/').length - 1;
  const isPlain = target !== '' && !target.startsWith('/') && !target.includes('\0');
  if (isPlain && climbs <= depth && !parts.slice(climbs).includes('..')) return target;
  throw nameError(`the link '${printable(path)}' leads to '${printable(target)}', out of the tree`);
};
