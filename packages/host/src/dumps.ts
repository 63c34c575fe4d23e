import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { IommuError } from '@iommu/core';

/** What goes with dumps and is none itself. */
const NO_DUMP = /\.(?:md|rst|sha256|sig)$|^\./;

const entriesOf = (folder: string): Dirent[] => {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw new IommuError('ERR_HOST_INPUT', `${folder} cannot be read: ${(cause as Error).message}`, { cause });
  }
};

const hasSysfs = (entries: readonly Dirent[]): boolean => entries.some(({ name }) => name === 'sys');

/** A machine each. */
const ARCHIVE = /\.(?:tar|tgz|tbz2?|tar\.(?:gz|bz2))$/;

/** Whether a folder is one machine's: it holds a sysfs tree, or loose files of it. */
const isOneMachine = (entries: readonly Dirent[]): boolean =>
  hasSysfs(entries) || (entries.some((entry) => entry.isFile()) && !entries.some(({ name }) => ARCHIVE.test(name)));

/**
 * The dumps in a folder of many: each file in it, and each folder below it that is one machine's; by ascending path.
 * A folder with a sysfs tree is itself the only dump.
 *
 * @throws IommuError `ERR_HOST_INPUT` when a folder cannot be read.
 */
export const dumpsIn = (folder: string): string[] => {
  const entries = entriesOf(folder);
  return hasSysfs(entries) ? [folder] : below(folder, entries);
};

const below = (folder: string, entries: readonly Dirent[]): string[] =>
  entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return entry.isFile() && !NO_DUMP.test(entry.name) ? [path] : [];
    const inner = entriesOf(path);
    return isOneMachine(inner) ? [path] : below(path, inner);
  });
