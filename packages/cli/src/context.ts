import type { CommandContext } from '@stricli/core';
import { Exit, type ExitCode } from './exit.js';
import { reportError } from './failure.js';

/** What a command gets besides its arguments. */
export interface Context extends CommandContext {
  /** Called once, with the exit status of the command. */
  readonly finish: (code: ExitCode) => void;
}

/** Run a command's work and turn what it throws into a message and an exit status. */
export const runCommand = async (context: Context, work: () => Promise<ExitCode>): Promise<void> => {
  let code: ExitCode = Exit.bug;
  try {
    code = await work();
  } catch (error) {
    code = reportError(error);
  }
  context.finish(code);
};
