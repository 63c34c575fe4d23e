import { constants } from 'node:os';
import { type Errno, isIommuError } from '@iommu/core';

const NUMBERS: Readonly<Record<string, number>> = constants.errno;

/** The number of an error name, above 0. */
export const errnoNumber = (name: Errno | keyof typeof constants.errno): number => {
  // The kernel keeps this one to itself: who writes to `bind` is told to try again.
  // See Linux v6.1 drivers/base/dd.c device_driver_attach()
  if (name === 'EPROBE_DEFER') return constants.errno.EAGAIN;
  return NUMBERS[name] ?? constants.errno.EIO;
};

/** What a call into the tree that threw is answered with. `undefined`: it threw what it must not throw. */
export const errnoOf = (error: unknown): number | undefined =>
  isIommuError(error) && error.errno !== undefined ? errnoNumber(error.errno) : undefined;
