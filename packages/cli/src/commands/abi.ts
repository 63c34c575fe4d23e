import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { IommuError } from '@iommu/core';
import { type AbiEntry, abiEntries, abiOf, nearestAbi, sysfsPathsOf } from '@iommu/sysfs';
import { Exit, type ExitCode } from '../exit.js';
import { writeOut } from '../output.js';
import { say, sayError } from '../talk.js';

export interface AbiFlags {
  readonly list?: boolean;
  readonly json?: boolean;
}

/** What a path was asked for as, and what it is. */
interface Answer {
  readonly asked: string;
  /** From `/sys` on. */
  readonly path: string;
  readonly entry: AbiEntry | undefined;
}

/** How many entries are named for a path that has none. */
const NEAREST = 3;

/** With a slash at its end where it names a directory: by how it is written, or because there is one. */
const marked = (asked: string): string => {
  const path = resolve(asked);
  const isDirectory = asked.endsWith('/') || lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isDirectory ? `${path}/` : path;
};

const answerTo = (asked: string): Answer => {
  const [likeliest = asked, ...others] = sysfsPathsOf(marked(asked));
  const path = [likeliest, ...others].find((one) => abiOf(one) !== undefined) ?? likeliest;
  return { asked, path, entry: abiOf(path) };
};

const withoutText = ({ text: _text, ...rest }: AbiEntry): Omit<AbiEntry, 'text'> => rest;

const toJson = (answers: readonly Answer[]): string =>
  `${JSON.stringify({ schema: 1, paths: answers.map(({ asked, path, entry }) => ({ asked, path, entry: entry ? withoutText(entry) : null })) }, null, 2)}\n`;

const list = (json: boolean): string => {
  if (json) return `${JSON.stringify({ schema: 1, entries: abiEntries().map(withoutText) }, null, 2)}\n`;
  const lines = abiEntries().flatMap(({ what, file }) => what.map((path) => `${path}\t${file}\n`));
  return lines.sort().join('');
};

/** `iommu abi PATH…` */
export const abi = (paths: readonly string[], { list: all = false, json = false }: AbiFlags): ExitCode => {
  if (all === paths.length > 0) throw new IommuError('ERR_USAGE', 'expected paths of a /sys tree, or --list alone');
  if (all) {
    writeOut(list(json));
    return Exit.ok;
  }
  const answers = paths.map(answerTo);
  if (json) writeOut(toJson(answers));
  // Two paths of one entry: it is printed once.
  else writeOut([...new Set(answers.flatMap(({ entry }) => (entry ? `${entry.text}\n` : [])))].join('\n'));
  const unknown = answers.filter(({ entry }) => !entry);
  for (const { asked, path } of unknown) {
    sayError(`${asked}: nothing in a modelled /sys is called so; nearest:`);
    for (const { what } of nearestAbi(path, NEAREST)) say(`  ${what.join(' ')}`);
  }
  return unknown.length > 0 ? Exit.unknown : Exit.ok;
};
