import { distance } from 'fastest-levenshtein';
import type { AbiEntry } from './abi-entry.js';
import { followLinks } from './links.js';
import { abiEntries } from './lookup.js';
import { whatPattern } from './match.js';

/** What stands elsewhere must be spelled so many letters more alike than what stands in the same directory. */
const ELSEWHERE = 3;

interface Place {
  readonly directory: string;
  readonly name: string;
}

const placeOf = (path: string): Place => {
  const [, directory = '', name = ''] = /^(.*)\/([^/]*)$/.exec(path.replace(/\/+$/, '')) ?? [];
  return { directory, name };
};

/**
 * The entries whose paths are spelled most like the given one: of its own directory first, then of others.
 *
 * @param count - How many at most.
 * @throws IommuError `ERR_ABI` when the documents did not come along.
 */
export const nearestAbi = (path: string, count: number): readonly AbiEntry[] => {
  const asked = [path, ...followLinks(path)].map(placeOf);
  const far = (what: string): number => {
    const { directory, name } = placeOf(what);
    const { regexp } = whatPattern(directory);
    return Math.min(...asked.map((one) => distance(one.name, name) + (regexp.test(one.directory) ? 0 : ELSEWHERE)));
  };
  return abiEntries()
    .map((entry) => ({ entry, far: Math.min(...entry.what.map(far)) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, count)
    .map(({ entry }) => entry);
};
