import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './command.js';
import { codeBlocks } from './markdown.js';

/** A program that a text shows, and what it prints. */
export interface Sample {
  readonly code: string;
  readonly output: string;
}

/** The first program of a text of the repository. @param path - From its top. */
export const firstSample = (path: string): Sample => {
  const [code, output] = codeBlocks(readFileSync(join(root, path), 'utf8'), 'js');
  if (code?.language !== 'js' || output === undefined) throw new Error(`${path} shows no program with its output`);
  return { code: code.text, output: output.text };
};
