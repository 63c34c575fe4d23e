import { type Errno, IommuError, isIommuError } from '@iommu/core';
import type { ControlFailure } from './protocol.js';

/** An error, to be sent. */
export const toFailure = (error: unknown): ControlFailure => {
  if (isIommuError(error))
    return { code: error.code, message: error.message, ...(error.errno !== undefined && { errno: error.errno }) };
  return { code: 'ERR_INTERNAL', message: error instanceof Error ? error.message : String(error) };
};

/** An error that came. */
export const fromFailure = ({ code, message, errno }: ControlFailure): IommuError =>
  new IommuError(code, message, errno === undefined ? {} : { errno: errno as Errno });
