import { mkdtempSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './target.js';

/** The random part and the process's number are added to it; a name may have 255 bytes. */
const LONGEST = 100;

/**
 * Make a directory beside the target, hidden, of a name that nobody has, which only we may enter: on the same file system,
 * so that one rename puts what is in it, or itself, in its place.
 */
export const makeBeside = ({ parent, name }: Target, what: 'tmp' | 'old'): string => {
  const label = Buffer.byteLength(name) <= LONGEST ? name : 'iommu';
  return mkdtempSync(join(parent, `.${label}.${what}-${process.pid}-`));
};

/** Remove a directory and all in it, however deep, for which `rmSync()` has no room on the stack; no link is followed. */
export const removeTree = (top: string): void => {
  const directories = [top];
  // Grows while it is walked: of each directory those in it come later.
  for (const directory of directories) {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory()) directories.push(path);
      else unlinkSync(path);
    }
  }
  for (const directory of directories.reverse()) rmdirSync(directory);
};
