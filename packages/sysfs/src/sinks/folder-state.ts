import { closeSync, constants, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { DESCRIPTION } from './root-files.js';

/** At the top of a folder that we wrote there is nothing else: who put something beside it wants to keep it. */
const TOP_NAMES: ReadonlySet<string> = new Set([DESCRIPTION, 'proc', 'sys']);

const BEGINNING = /^\{\s*"schema": 1\b/;

/** What a description starts with; a link is not followed, a pipe not waited for. */
const beginningOf = (path: string): string => {
  if (!lstatSync(path).isFile()) return '';
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(64);
    return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
};

/** What stands where a folder is to be written: nothing, an empty folder, one that we wrote, or something else. */
export type FolderState = 'absent' | 'empty' | 'ours' | 'link' | 'file' | 'foreign';

/** Look, and follow no link. @throws What the system says of a place that may not be looked at. */
export const folderState = (path: string): FolderState => {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return 'absent';
  if (stat.isSymbolicLink()) return 'link';
  if (!stat.isDirectory()) return 'file';
  const names = readdirSync(path);
  if (names.length === 0) return 'empty';
  const isKnown = names.every((name) => TOP_NAMES.has(name)) && names.includes(DESCRIPTION);
  return isKnown && BEGINNING.test(beginningOf(join(path, DESCRIPTION))) ? 'ours' : 'foreign';
};
