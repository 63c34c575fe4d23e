import { mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { IommuError } from '@iommu/core';
import { entriesToTar, type TreeEntry } from '@iommu/host';
import { writeOut } from './output.js';
import { isTerminal } from './terminal.js';

const isStdout = (output: string | undefined): output is undefined | '-' => output === undefined || output === '-';

const isSame = (one: string, other: string): boolean => {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false;
  }
};

/** Refuse to write over the input. @throws IommuError `ERR_USAGE` */
export const checkIsNotInput = (input: string | undefined, output: string | undefined): void => {
  if (input !== undefined && output !== undefined && output !== '-' && isSame(input, output))
    throw new IommuError('ERR_USAGE', `'${output}' is the input: name another file to write`);
};

/** Run what writes; the system's refusal becomes a message. */
const writing = (output: string, write: () => void): void => {
  try {
    write();
  } catch (cause) {
    throw new IommuError('ERR_OUTPUT', `${output}: cannot be written: ${(cause as Error).message}`, { cause });
  }
};

/** @param output - A path; `-` or absent: standard output. @throws IommuError `ERR_OUTPUT` */
export const saveBytes = (bytes: Uint8Array, output: string | undefined): void => {
  if (isStdout(output)) writeOut(bytes);
  else writing(output, () => writeFileSync(output, bytes));
};

/** Whether a name is one of an archive that {@link saveTar} can write. */
export const namesTar = (output: string | undefined): boolean => /\.(?:tar|tar\.gz|tgz)$/.test(output ?? '');

/**
 * Write entries as a tar, packed by gzip when its name says so.
 *
 * @throws IommuError `ERR_USAGE` for a terminal or a kind of packing that is not written, `ERR_OUTPUT`
 */
export const saveTar = async (entries: readonly TreeEntry[], output: string | undefined): Promise<void> => {
  if (isStdout(output) && isTerminal(1)) {
    throw new IommuError('ERR_USAGE', 'a tar does not belong on a terminal: name a file with --output, or redirect');
  }
  if (/\.(?:bz2|tbz2?|xz|zst)$/.test(output ?? '')) {
    throw new IommuError('ERR_USAGE', `'${output}': archives are written plain or packed by gzip: .tar, .tar.gz, .tgz`);
  }
  const tar = await entriesToTar(entries);
  saveBytes(/(?:\.gz|\.tgz)$/.test(output ?? '') ? gzipSync(tar) : tar, output);
};

/** Whether a path stays in the folder that it is taken from. */
const staysInside = (path: string): boolean => !path.startsWith('/') && !path.split('/').includes('..');

/** Write entries into a folder that is empty or not there. @throws IommuError `ERR_USAGE`, `ERR_OUTPUT` */
export const saveFolder = (entries: readonly TreeEntry[], folder: string): void => {
  const outside = entries.find(({ path }) => !staysInside(path));
  if (outside) throw new IommuError('ERR_OUTPUT', `${folder}: '${outside.path}' would lie outside of it`);
  writing(folder, () => mkdirSync(folder, { recursive: true }));
  if (readdirSync(folder).length > 0) {
    throw new IommuError('ERR_USAGE', `'${folder}' is not empty: name a folder that is not there yet`);
  }
  writing(folder, () => {
    for (const entry of entries) {
      const path = join(folder, entry.path);
      mkdirSync('directory' in entry ? path : dirname(path), { recursive: true });
      if ('bytes' in entry) writeFileSync(path, entry.bytes, { flag: 'wx' });
      else if ('link' in entry) symlinkSync(entry.link, path);
    }
  });
};
