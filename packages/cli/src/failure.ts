import { isIommuError } from '@iommu/core';
import { Exit, type ExitCode } from './exit.js';
import { say, sayError } from './talk.js';

/** Say what went wrong. @returns The exit status for it. */
export const reportError = (error: unknown): ExitCode => {
  if (isIommuError(error)) {
    sayError(`${error.message} (${error.code})`);
    return error.code === 'ERR_CHANGE_UNKNOWN' ? Exit.unknown : Exit.usage;
  }
  sayError('this is a bug in iommu; please report it, with the input that shows it');
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return Exit.bug;
};
