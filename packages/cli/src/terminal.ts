import { fstatSync } from 'node:fs';

/**
 * Whether a standard stream is a terminal, without opening the stream object: that costs a start more than all else
 * that is done with it.
 *
 * @param descriptor - 0, 1 or 2.
 */
export const isTerminal = (descriptor: number): boolean => {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false;
  }
};

/** Whether colours are wanted there. @see https://no-color.org */
export const hasColour = (descriptor: number): boolean =>
  !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb' && isTerminal(descriptor);
