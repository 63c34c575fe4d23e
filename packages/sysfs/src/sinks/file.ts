import { closeSync, lstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeBeside, removeTree } from './staging.js';
import { asTargetError, badTarget, findTarget, type Target, writing } from './target.js';

/** @throws IommuError `ERR_SYSFS_TARGET` unless nothing or a plain file is there. */
const checkFile = (target: Target): void => {
  const stat = writing(target, () => lstatSync(target.path, { throwIfNoEntry: false }));
  if (!stat || stat.isFile()) return;
  const what = stat.isDirectory() ? 'is a folder' : stat.isSymbolicLink() ? 'is a symbolic link' : 'is no plain file';
  throw badTarget(target.named, what, 'name a file that is not there yet');
};

/**
 * Write a file. It is written beside the target and appears there, in place of a file of that name, when it is whole; an
 * exception leaves nothing behind.
 *
 * @param chunks - Read one by one.
 * @throws IommuError `ERR_SYSFS_TARGET`, and whatever the chunks throw.
 */
export const writeAside = async (
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  named: string,
): Promise<void> => {
  const target = findTarget(named);
  checkFile(target);
  const staging = writing(target, () => makeBeside(target, 'tmp'));
  const path = join(staging, 'file');
  try {
    const descriptor = openSync(path, 'wx');
    try {
      for await (const chunk of chunks) {
        for (let done = 0; done < chunk.length; ) done += writeSync(descriptor, chunk, done);
      }
    } finally {
      closeSync(descriptor);
    }
    checkFile(target);
    renameSync(path, target.path);
  } catch (error) {
    throw asTargetError(named, error);
  } finally {
    removeTree(staging);
  }
};
