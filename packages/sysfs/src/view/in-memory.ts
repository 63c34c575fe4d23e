import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SysfsTree } from '../node.js';
import { type RootEntry, rootEntries } from '../sinks/root-entries.js';
import type { Modelled, Place } from './enter.js';
import { listingOfTree } from './listing.js';

const writeEntry = (folder: string, entry: RootEntry, mask: number): void => {
  const path = join(folder, entry.path);
  if (entry.kind === 'link') symlinkSync(entry.target, path);
  else {
    if (entry.kind === 'directory') mkdirSync(path, { mode: entry.mode });
    else writeFileSync(path, entry.bytes, { mode: entry.mode, flag: 'wx' });
    if ((entry.mode & mask) !== 0) chmodSync(path, entry.mode);
  }
};

/**
 * A tree as it is now, as files in the memory of a view's namespace, which are gone with it. They are read-only: nothing
 * would come of a write.
 *
 * @returns For {@link enterView}.
 */
export const inMemory =
  ({ root }: SysfsTree) =>
  async ({ path, outside }: Place): Promise<Modelled> => {
    const mask = process.umask();
    for (const entry of rootEntries(root)) writeEntry(outside, entry, mask);
    return { path: join(path, 'sys'), listing: listingOfTree(root), writable: false };
  };
