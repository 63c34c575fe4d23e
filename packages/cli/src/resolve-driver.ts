import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { IommuError } from '@iommu/core';
import { resolve as resolveModule } from 'import-meta-resolve';

/** Whether a word means a file or a folder: written as a path, as for `import`. A bare word is a package. */
const isPath = (word: string): boolean => /^(?:\.{0,2}\/|\.{1,2}$)/.test(word);

const missing = (word: string, message: string, cause?: unknown): IommuError =>
  new IommuError('ERR_DRIVER_MISSING', `--driver ${word}: ${message}`, { cause });

/** The module that a package's folder means: what its own name leads to, or `main`, or `index.js`. */
const moduleOfFolder = (folder: string, word: string): URL => {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) throw missing(word, `${folder} holds no package.json; name the file of the driver`);
  try {
    const { name, exports, main = 'index.js' } = JSON.parse(readFileSync(file, 'utf8'));
    return exports === undefined
      ? pathToFileURL(join(folder, String(main)))
      : new URL(resolveModule(String(name), pathToFileURL(file).href));
  } catch (cause) {
    throw missing(word, `${file} leads to no module: ${(cause as Error).message}`, cause);
  }
};

const moduleOfPath = (word: string): URL => {
  const path = resolve(word);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw missing(word, `there is no ${path}`);
  return found.isDirectory() ? moduleOfFolder(path, word) : pathToFileURL(path);
};

/** A package is looked for where a program in the working directory would find it, then beside this command. */
const moduleOfPackage = (word: string): URL => {
  const places = [pathToFileURL(join(process.cwd(), 'any.js')).href, import.meta.url];
  let failure: unknown;
  for (const place of places) {
    try {
      return new URL(resolveModule(word, place));
    } catch (error) {
      failure ??= error;
    }
  }
  const { code, message } = failure as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND') throw missing(word, message, failure);
  const hint = existsSync(word) ? `; for the file of that name write ./${word}` : '';
  throw missing(word, `no such package is installed at ${process.cwd()} or beside iommu; npm install ${word}${hint}`);
};

/**
 * The module of a driver: nothing is searched for that was not named.
 *
 * @param word - A package, as `import` would have it, or a path with a slash: a file, or a package's folder.
 * @returns Its URL.
 * @throws IommuError `ERR_DRIVER_MISSING`
 */
export const resolveDriver = (word: string): string => {
  if (/^file:/.test(word)) return word;
  return (isPath(word) ? moduleOfPath(word) : moduleOfPackage(word)).href;
};
