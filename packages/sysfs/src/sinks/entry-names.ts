import { IommuError } from '@iommu/core';
import { printable } from './printable.js';

/** No file system takes more. @see Linux include/uapi/linux/limits.h NAME_MAX */
const NAME_MAX = 255;

const encoder = new TextEncoder();

export const nameError = (message: string): IommuError => new IommuError('ERR_SYSFS_NAME', message);

/** Nearly every name: looked at no further. */
const PLAIN = /^[\w:@+-][\w:@+.-]{0,63}$/;

/**
 * A name as it can stand in a directory: a description that somebody wrote by hand may hold others.
 *
 * @throws IommuError `ERR_SYSFS_NAME`
 */
export const checkedName = (name: string, directory: string): string => {
  if (PLAIN.test(name)) return name;
  const isWhole = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
  if (isWhole && encoder.encode(name).length <= NAME_MAX) return name;
  throw nameError(
    `'${printable(directory)}' has an entry named '${printable(name)}', which cannot be the name of a file`,
  );
};

const CLIMBS = /(?:^|\/)\.\.(?:\/|$)/;

/**
 * The target of a link, which stays within the tree: then whoever follows it in a copy of the tree stays in the copy. It
 * may climb only at its start, for `..` behind another link leads from where that one leads to.
 *
 * @param path - Of the link, from the top of the tree.
 * @throws IommuError `ERR_SYSFS_NAME`
 */
export const checkedTarget = (target: string, path: string): string => {
  let rest = target;
  // From the directory that the link is in, to the top at most.
  for (let at = path.indexOf('/'); at >= 0 && rest.startsWith('..'); at = path.indexOf('/', at + 1)) {
    if (rest !== '..' && rest[2] !== '/') break;
    rest = rest.slice(3);
  }
  if (target !== '' && !rest.startsWith('/') && !rest.includes('\0') && !CLIMBS.test(rest)) return target;
  throw nameError(`the link '${printable(path)}' leads to '${printable(target)}', out of the tree`);
};
