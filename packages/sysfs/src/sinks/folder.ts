import {
  chmodSync,
  closeSync,
  fchmodSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { nameError } from './entry-names.js';
import { type FolderState, folderState } from './folder-state.js';
import { printable } from './printable.js';
import type { RootEntry } from './root-entries.js';
import { makeBeside, removeTree } from './staging.js';
import { badTarget, findTarget, type Target, writing } from './target.js';
import { Tally, type Written } from './written.js';

/** What a folder may not replace, and what to do instead. */
const REFUSED: Readonly<Partial<Record<FolderState, readonly [what: string, advice: string]>>> = {
  link: ['is a symbolic link', 'name the folder that it leads to'],
  file: ['is there already, and is no folder', 'name a folder that is not there yet'],
  foreign: ['is not empty, and was not written by us', 'name a folder that is not there yet'],
};

/** @throws IommuError `ERR_SYSFS_TARGET` unless the folder is not there, empty, or one that we wrote. */
const stateOf = (target: Target): FolderState => {
  const state = writing(target, () => folderState(target.path));
  const refused = REFUSED[state];
  if (refused) throw badTarget(target.named, ...refused);
  return state;
};

/** Permission bits that the system takes from whatever is made here: the umask, or a default list of the directory. */
const maskIn = (directory: string): number => {
  const probe = `${directory}/probe`;
  mkdirSync(probe, 0o777);
  const { mode } = statSync(probe);
  rmdirSync(probe);
  return ~mode & 0o777;
};

const writeFile = (path: string, mode: number, bytes: Uint8Array, mask: number): void => {
  const descriptor = openSync(path, 'wx', mode);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    if ((mode & mask) !== 0) fchmodSync(descriptor, mode);
  } finally {
    closeSync(descriptor);
  }
};

/** Writes entries below a directory, each new or an error, and none through a link: only into directories that it made. */
class FolderWriter {
  readonly #top: string;
  readonly #mask: number;
  readonly #made = new Set(['']);

  constructor(top: string) {
    this.#top = top;
    this.#mask = maskIn(top);
  }

  write(entry: RootEntry): void {
    const above = entry.path.slice(0, Math.max(0, entry.path.lastIndexOf('/')));
    if (!this.#made.has(above)) throw nameError(`'${printable(entry.path)}' comes before the directory that it is in`);
    const path = `${this.#top}/${entry.path}`;
    if (entry.kind === 'file') writeFile(path, entry.mode, entry.bytes, this.#mask);
    else if (entry.kind === 'link') symlinkSync(entry.target, path);
    else {
      mkdirSync(path, entry.mode);
      if ((entry.mode & this.#mask) !== 0) chmodSync(path, entry.mode);
      this.#made.add(entry.path);
    }
  }
}

/**
 * Put the new folder in the place of one of ours. Between two renames there is none.
 *
 * @returns Where the old one is now.
 */
const replace = (target: Target, made: string): string => {
  const old = makeBeside(target, 'old');
  try {
    renameSync(target.path, old);
  } catch (error) {
    rmdirSync(old);
    throw error;
  }
  try {
    // Somebody may have put another in its place since we looked.
    stateOf({ ...target, path: old });
    renameSync(made, target.path);
  } catch (error) {
    renameSync(old, target.path);
    throw error;
  }
  return old;
};

const removeReplaced = ({ named }: Target, old: string): void => {
  try {
    removeTree(old);
  } catch (cause) {
    throw badTarget(named, 'is written, and the folder that was there could not be removed', `see ${old}`, cause);
  }
};

/**
 * Write a root directory as a folder. It is built beside the target and appears there when it is whole, by a rename; an
 * exception leaves nothing behind. A folder that is empty, or that this function wrote before, is replaced.
 *
 * @param entries - Of `rootEntries()`; read one by one.
 * @param named - In a directory that is there. Never the running system's own directories, and no link is followed.
 * @throws IommuError `ERR_SYSFS_TARGET` with what to do instead, `ERR_SYSFS_NAME` for a tree that cannot be written.
 */
export const writeFolder = (entries: Iterable<RootEntry>, named: string): Written => {
  const target = findTarget(named);
  const state = stateOf(target);
  const tally = new Tally();
  const replaced = writing(target, () => {
    const staging = makeBeside(target, 'tmp');
    try {
      const writer = new FolderWriter(staging);
      for (const entry of entries) {
        writer.write(entry);
        tally.count(entry);
      }
      chmodSync(staging, 0o755);
      if (state === 'ours') return replace(target, staging);
      renameSync(staging, target.path);
      return undefined;
    } catch (error) {
      removeTree(staging);
      throw error;
    }
  });
  if (replaced !== undefined) removeReplaced(target, replaced);
  return tally.written(named);
};
