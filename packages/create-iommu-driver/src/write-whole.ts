import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { IommuError, isIommuError } from '@iommu/core';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const taken = (folder: string, what: string): IommuError =>
  new IommuError('ERR_FOLDER_TAKEN', `${folder} ${what}; expected a new or an empty folder, nothing was written`);

/** @throws IommuError `ERR_FOLDER_TAKEN` unless nothing is there, or a folder without entries. */
const requireFree = (folder: string): void => {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) throw taken(folder, 'is there, and no folder');
  if (readdirSync(folder).length > 0) throw taken(folder, 'is there, and not empty');
};

/** Put a folder where nothing is, or an empty one. @throws IommuError `ERR_FOLDER_TAKEN` when something came there meanwhile. */
const moveTo = (aside: string, folder: string): void => {
  try {
    // Some systems rename to no folder that is there, empty or not.
    if (existsSync(folder)) rmdirSync(folder);
    renameSync(aside, folder);
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(codeOf(error) ?? '')) throw taken(folder, 'is there by now');
    throw error;
  }
};

/**
 * Write files to a new or empty folder: all of them or, whatever fails, none.
 *
 * @param folder - Absolute; the folder that it is in must be there.
 * @param files - Paths below it, with `/`, and their text.
 * @throws IommuError `ERR_FOLDER_TAKEN` where something is in it; `ERR_FOLDER_WRITE` where the system refuses to write.
 */
export const writeWhole = (folder: string, files: Iterable<readonly [string, string]>): void => {
  const aside = join(dirname(folder), `.${basename(folder)}-${randomBytes(6).toString('hex')}`);
  try {
    requireFree(folder);
    mkdirSync(aside);
    for (const [path, text] of files) {
      mkdirSync(dirname(join(aside, path)), { recursive: true });
      writeFileSync(join(aside, path), text, { flag: 'wx' });
    }
    moveTo(aside, folder);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (isIommuError(error)) throw error;
    throw new IommuError('ERR_FOLDER_WRITE', `${folder} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
};
