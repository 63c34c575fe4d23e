import { fstatSync } from 'node:fs';

/** Major number of character devices that are no terminals: `/dev/null` is one. @see Linux Documentation/admin-guide/devices.txt */
const MEMORY_DEVICES = 1;

/**
 * Whether a standard stream is a terminal, without opening the stream object: that costs a start more than all else
 * that is done with it.
 *
 * @param descriptor - 0, 1 or 2.
 */
export const isTerminal = (descriptor: number): boolean => {
  try {
    const stream = fstatSync(descriptor);
    return stream.isCharacterDevice() && stream.rdev >> 8 !== MEMORY_DEVICES;
  } catch {
    return false;
  }
};

/** Whether colours are wanted there. @see https://no-color.org, https://force-color.org */
export const hasColour = (descriptor: number): boolean => {
  if (process.env['NO_COLOR']) return false;
  if (process.env['FORCE_COLOR']) return process.env['FORCE_COLOR'] !== '0';
  return process.env['TERM'] !== 'dumb' && isTerminal(descriptor);
};
