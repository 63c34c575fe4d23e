import { type Application, proposeCompletions } from '@stricli/core';
import type { Context } from './context.js';
import { writeOut } from './output.js';

/** Ends a list of proposals: nothing else may be offered, or file names may. */
const NO_FILES = ':4';
const FILES = ':0';

/**
 * Answer a completion script: a proposal a line, a description after a tab, and last what the shell may add.
 *
 * @param words - The words of the command line after the command's name, the last one as far as it was typed.
 */
export const complete = async (
  application: Application<Context>,
  words: readonly string[],
  context: Context,
): Promise<void> => {
  const proposals = await proposeCompletions(application, words, context);
  const lines = proposals.map(({ completion, brief }) => `${completion}\t${brief}`);
  // Below a command, a word that is no flag is an input file.
  const atFile = words.length > 1 && !words.at(-1)?.startsWith('-');
  writeOut(`${[...lines, atFile ? FILES : NO_FILES].join('\n')}\n`);
};
