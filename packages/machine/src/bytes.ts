import { IommuError } from '@iommu/core';
import { base64 } from '@scure/base';
import type { Bytes } from './machine.js';

/**
 * Bytes as they are in memory: the same object, or what base64 stands for.
 *
 * @param what - Named in the error.
 * @throws IommuError `ERR_MACHINE` for text that is no base64.
 */
export const toBytes = (bytes: Bytes, what: string): Uint8Array => {
  if (typeof bytes !== 'string') return bytes;
  try {
    return base64.decode(bytes);
  } catch (cause) {
    throw new IommuError('ERR_MACHINE', `${what}: not base64`, { cause });
  }
};

/** Bytes as a JSON description holds them. */
export const toBase64 = (bytes: Bytes): string => (typeof bytes === 'string' ? bytes : base64.encode(bytes));
