import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TreeEntry } from '@iommu/host';
import { onTestFinished } from 'vitest';
import { entriesOf, planted } from './secrets.js';

/** A folder that is gone after the test. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'iommu-root-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

/** Where a machine itself has what a recording has at its top. */
const LIVE_PLACES: readonly (readonly [RegExp, string])[] = [
  [/^acpi(?=\/|$)/, 'sys/firmware/acpi/tables'],
  [/^fdt$/, 'sys/firmware/fdt'],
  [/^cmdline\.txt$/, 'proc/cmdline'],
  [/^uname\.txt$/, 'proc/sys/kernel/osrelease'],
  [/^dmesg\.txt$/, 'var/log/dmesg'],
];

const livePath = (path: string): string => {
  const below = path.replace(/^[^/]*\/?/, '');
  const [pattern, place] = LIVE_PLACES.find(([one]) => one.test(below)) ?? [/^$/, ''];
  return below.replace(pattern, place);
};

const write = (entries: readonly TreeEntry[]): string => {
  const root = temporaryFolder();
  for (const entry of entries) {
    const path = join(root, livePath(entry.path));
    mkdirSync('directory' in entry ? path : dirname(path), { recursive: true });
    if ('bytes' in entry) writeFileSync(path, entry.bytes);
    else if ('link' in entry) symlinkSync(entry.link, path);
  }
  return root;
};

const archive = (name: string): Uint8Array => readFileSync(`fixtures/recorded/${name}.tar.gz`);

/** The root of a machine, made from a recording. @param change - What becomes of each of its files. */
export const rootOf = async (
  name: string,
  change: (entry: TreeEntry) => TreeEntry[] = (entry) => [entry],
): Promise<string> => write((await entriesOf(archive(name))).flatMap(change));

/** As {@link rootOf}, with every secret that a machine can hold. */
export const plantedRoot = async (name: string): Promise<string> => write(await planted(archive(name)));

/** What somebody without root gets: configuration spaces of 64 bytes, no firmware, no log. */
export const asUser = (entry: TreeEntry): TreeEntry[] => {
  if (/\/(?:acpi|fdt|dmesg\.txt)(?:\/|$)/.test(entry.path)) return [];
  return [
    'bytes' in entry && entry.path.endsWith('/config') ? { ...entry, bytes: entry.bytes.subarray(0, 64) } : entry,
  ];
};
