import { isIommuError } from '@iommu/core';
import { ROOT, type SysfsFile } from '../node.js';

const NOTHING = new Uint8Array(0);

/** Permission bits by which somebody may read. */
export const READABLE = 0o444;

/** What a sink finds in an attribute. */
export interface Content {
  readonly bytes: Uint8Array;
  /** The file may be read, and the kernel would not answer: why. Then there are no bytes. */
  readonly errno?: string;
}

/** The content of an attribute as root gets it; of one that is only written, nothing. */
export const readContent = (file: SysfsFile): Content => {
  if ((file.mode & READABLE) === 0) return { bytes: NOTHING };
  try {
    return { bytes: file.read(ROOT) };
  } catch (error) {
    if (isIommuError(error, 'ERR_REFUSED')) return { bytes: NOTHING, errno: error.errno ?? 'EIO' };
    throw error;
  }
};
