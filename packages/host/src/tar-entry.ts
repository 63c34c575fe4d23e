import { IommuError } from '@iommu/core';
import type { Header } from 'tar-stream';
import { shown } from './shown.js';

/** No system takes a longer path. @see Linux include/uapi/linux/limits.h PATH_MAX */
const PATH_MAX = 4096;

const bad = (message: string): IommuError => new IommuError('ERR_HOST_ARCHIVE', message);

/**
 * The name of an entry without blank steps. Names may not leave the archive: such an entry is an attack or an accident,
 * and either way the archive is refused.
 *
 * @throws IommuError `ERR_HOST_ARCHIVE`
 */
export const checkedPath = (name: string): string => {
  if (Buffer.byteLength(name) >= PATH_MAX)
    throw bad(`entry '${shown(name)}' has a name of more than ${PATH_MAX - 1} bytes`);
  const parts = name.split('/');
  if (name.startsWith('/') || parts.includes('..')) throw bad(`entry '${shown(name)}' lies outside the archive`);
  if (name.includes('\0')) throw bad(`entry '${shown(name)}' has a zero byte in its name`);
  return parts.filter((part) => part !== '' && part !== '.').join('/');
};

/** An entry of a kind that no dump needs. */
export const refusedEntry = ({ name, type }: Header): IommuError =>
  bad(`entry '${shown(name)}' is ${type ? `a ${type}` : 'of an unknown type'}, not a file`);
