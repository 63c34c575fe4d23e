import { distance } from 'fastest-levenshtein';
import type { AbiEntry } from './abi-entry.js';
import { abiEntries } from './lookup.js';

const lastName = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? '';

/**
 * The entries whose paths are spelled most like the given one: the last name counts first, then the whole.
 *
 * @param count - How many at most.
 * @throws IommuError `ERR_ABI` when the documents did not come along.
 */
export const nearestAbi = (path: string, count: number): readonly AbiEntry[] => {
  const name = lastName(path);
  const far = (what: string): readonly [number, number] => [distance(name, lastName(what)), distance(path, what)];
  const ranked = abiEntries().map((entry) => {
    const [best = [0, 0]] = entry.what.map(far).sort(([a, c], [b, d]) => a - b || c - d);
    return { entry, best };
  });
  ranked.sort(({ best: [a, c] }, { best: [b, d] }) => a - b || c - d);
  return ranked.slice(0, count).map(({ entry }) => entry);
};
