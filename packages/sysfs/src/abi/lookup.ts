import type { SysfsNode } from '../node.js';
import type { AbiEntry } from './abi-entry.js';
import { readDocuments } from './documents.js';
import { followLast, followLinks } from './links.js';
import { type WhatPattern, whatPattern } from './match.js';
import { parseAbi } from './parse-abi.js';

/** A path of an entry. */
interface Row {
  readonly entry: AbiEntry;
  readonly pattern: WhatPattern;
  /** What a path's last name must be; absent: that is a variable. Most paths are told apart by it. */
  readonly name: string | undefined;
}

const lastName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const rowOf = (entry: AbiEntry, what: string): Row => {
  const name = lastName(what.replace(/\/$/, ''));
  return { entry, pattern: whatPattern(what), name: name.includes('<') ? undefined : name };
};

interface Library {
  readonly entries: readonly AbiEntry[];
  /** Those that spell out most first; of two that are equal in it, a directory last. */
  readonly rows: readonly Row[];
}

let library: Library | undefined;

const load = (): Library => {
  const entries = readDocuments().flatMap(({ text, file }) => parseAbi(text, file).entries);
  const rows = entries.flatMap((entry) => entry.what.map((what) => rowOf(entry, what)));
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
  /** The same object as in `abiEntries()`. */
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
  const last = lastName(bare);
  const fits = ({ pattern, name }: Row): boolean =>
    (name ?? last) === last && (directory ?? pattern.directory) === pattern.directory && pattern.regexp.test(bare);
  return loaded()
    .rows.filter(fits)
    .map(({ entry, pattern: { what, literal } }) => ({ entry, what, literal }));
};

/** The entry of a path, or of where the links in it lead, its last name left as it is. */
const entryOf = (path: string): AbiEntry | undefined => {
  // A name such as `iommu` is a link in one place and a directory in another: what then spells out more was meant.
  const matches = [path, ...followLinks(path)].flatMap((way) => matchAbi(way).slice(0, 1));
  const most = Math.max(...matches.map(({ literal }) => literal));
  return matches.find(({ literal }) => literal === most)?.entry;
};

/**
 * The entry of a path, also of one that leads through links: `/sys/bus/pci/devices/0000:01:00.0/iommu_group/type`.
 *
 * @param path - From `/sys` on, or as the documents spell it (`/sys/kernel/iommu_groups/<group>/type`). With a slash at
 * its end a link stands for what it leads to.
 * @throws IommuError `ERR_ABI` when the documents did not come along.
 */
export const abiOf = (path: string): AbiEntry | undefined => {
  const entry = entryOf(path);
  if (entry) return entry;
  for (const way of [path, ...followLinks(path)]) {
    const target = followLast(way);
    const there = target === undefined ? undefined : entryOf(target);
    if (there) return there;
  }
  return undefined;
};
