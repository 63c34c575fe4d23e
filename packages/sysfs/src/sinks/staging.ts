import { mkdtempSync } from 'node:fs';
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
