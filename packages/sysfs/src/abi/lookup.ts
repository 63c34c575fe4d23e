import type { SysfsNode } from '../node.js';
import type { AbiEntry } from './abi-entry.js';
import { readDocuments } from './documents.js';
import { followLinks } from './links.js';
import { type WhatPattern, whatPattern } from './match.js';
import { parseAbi } from './parse-abi.js';

/** A path of an entry. */
interface Row {
  readonly entry: AbiEntry;
  readonly pattern: WhatPattern;
}

interface Library {
  readonly entries: readonly AbiEntry[];
  /** Those that spell out most first; of two that are equal in it, a directory last. */
  readonly rows: readonly Row[];
}

let library: Library | undefined;

const load = (): Library => {
  const entries = readDocuments().flatMap(({ text, file }) => parseAbi(text, file).entries);
  const rows = entries.flatMap((entry) => entry.what.map((what) => ({ entry, pattern: whatPattern(what) })));
  const rank = ({ pattern }: Row): number => pattern.literal * 2 - Number(pattern.directory);
  return { entries, rows: rows.sort((a, b) => rank(b) - rank(a)) };
};

const loaded = (): Library => {
  library ??= load();
  return library;
};

/** Every entry of the documents that come with this package. @throws IommuError `ERR_ABI` */
export const abiEntries = (): readonly AbiEntry[] => loaded().entries;

/** A path of an entry that matches. */
export interface AbiMatch {
  readonly entry: AbiEntry;
  /** Which one of its paths. */
  readonly what: string;
  /** How much of it is spelled out, in characters: of two that match, the one with more is meant. */
  readonly literal: number;
}

/**
 * Everything that documents a path as it stands, links not followed: each `What:` that matches all of it, the one that is
 * meant first.
 *
 * @param path - From `/sys` on; a slash at its end says that a directory is meant, as does `kind`.
 * @param kind - What is there; absent: anything, and a directory is meant last.
 * @throws IommuError `ERR_ABI` when the documents did not come along.
 */
export const matchAbi = (path: string, kind?: SysfsNode['kind']): readonly AbiMatch[] => {
  const bare = path.replace(/(?<=.)\/+$/, '');
  const directory = kind === undefined ? (bare === path ? undefined : true) : kind === 'directory';
  return loaded()
    .rows.filter(({ pattern }) => (directory ?? pattern.directory) === pattern.directory && pattern.regexp.test(bare))
    .map(({ entry, pattern: { what, literal } }) => ({ entry, what, literal }));
};

/**
 * The entry of a path, also of one that leads through links: `/sys/bus/pci/devices/0000:01:00.0/iommu_group/type`.
 *
 * @param path - From `/sys` on, or as the documents spell it (`/sys/kernel/iommu_groups/<group>/type`).
 * @throws IommuError `ERR_ABI` when the documents did not come along.
 */
export const abiOf = (path: string): AbiEntry | undefined => {
  for (const way of [path, ...followLinks(path)]) {
    const [match] = matchAbi(way);
    if (match) return match.entry;
  }
  return undefined;
};
