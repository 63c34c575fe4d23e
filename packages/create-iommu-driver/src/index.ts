import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { IommuError, isIommuError } from '@iommu/core';
import { driverNames } from './driver-names.js';
import { installedRanges } from './installed-ranges.js';
import { packageFiles } from './package-files.js';
import { HELP, nextSteps } from './text.js';
import { writeWhole } from './write-whole.js';

const OK = 0;
const USAGE = 2;

const usageError = (what: string, cause?: unknown): IommuError =>
  new IommuError('ERR_USAGE', `${what}; expected npm create iommu-driver NAME, or -- --help in its place`, { cause });

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } },
    });
  } catch (error) {
    // It adds what is no help here.
    throw usageError((error as Error).message.split('. ')[0] ?? '', error);
  }
};

const version = (): string => {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
};

/** Write the package of a driver below a folder. @returns What to say of it. */
const create = (name: string, cwd: string): string => {
  const names = driverNames(name);
  const files = packageFiles(names, installedRanges());
  writeWhole(join(cwd, names.folder), files);
  return nextSteps(names, files.size);
};

/** @throws IommuError `ERR_USAGE`, or what the parts throw. */
const answer = (args: readonly string[], cwd: string): string => {
  const { values, positionals } = parsed(args);
  if (values.help) return HELP;
  if (values.version) return `${version()}\n`;
  const [name, ...rest] = positionals;
  if (name === undefined) throw usageError("the driver's name is missing");
  if (rest.length > 0) throw usageError(`one name is expected, and there is more: ${rest.join(' ')}`);
  return create(name, cwd);
};

/**
 * The command: `create-iommu-driver NAME`.
 *
 * @param args - What follows the program's name.
 * @param cwd - Where the folder is made.
 * @returns The exit status: 0, or 2 where nothing was written.
 */
export const main = (args: readonly string[], cwd: string): number => {
  try {
    process.stdout.write(answer(args, cwd));
    return OK;
  } catch (error) {
    if (!isIommuError(error)) throw error;
    process.stderr.write(`create-iommu-driver: ${error.message} (${error.code})\n`);
    return USAGE;
  }
};
