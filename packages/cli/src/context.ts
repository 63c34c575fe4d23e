import type { CommandContext } from '@stricli/core';
import { Exit } from './exit.js';
import { reportError } from './failure.js';

/** What a command gets besides its arguments. */
export interface Context extends CommandContext {
  /** Called once, with the exit status of the command, or of the program that it ran. */
  readonly finish: (code: number) => void;
}

/** Run a command's work and turn what it throws into a message and an exit status. */
export const runCommand = async (context: Context, work: () => Promise<number>): Promise<void> => {
  let code: number = Exit.bug;
  try {
    code = await work();
  } catch (error) {
    code = reportError(error);
  }
  context.finish(code);
};
