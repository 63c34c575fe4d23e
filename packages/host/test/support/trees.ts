import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Header, pack } from 'tar-stream';
import { onTestFinished } from 'vitest';
import { MemoryTree } from '../../src/file-tree.js';

/** What is at a path: bytes or text of a file, or a link. */
export type Entry = Uint8Array | string | { readonly link: string };

export type Entries = Readonly<Record<string, Entry>>;

const encoder = new TextEncoder();
const isLink = (entry: Entry): entry is { readonly link: string } => typeof entry === 'object' && 'link' in entry;
const bytesOf = (entry: Uint8Array | string): Uint8Array => (typeof entry === 'string' ? encoder.encode(entry) : entry);

export const memoryTree = (entries: Entries): MemoryTree => {
  const tree = new MemoryTree();
  for (const [path, entry] of Object.entries(entries)) {
    if (isLink(entry)) tree.addLink(path, entry.link);
    else tree.addFile(path, bytesOf(entry));
  }
  return tree;
};

/** An empty folder, gone after the test. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'iommu-host-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

/** A folder with these entries, gone after the test. */
export const folderOf = (entries: Entries): string => {
  const folder = temporaryFolder();
  for (const [path, entry] of Object.entries(entries)) {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    if (isLink(entry)) symlinkSync(entry.link, place);
    else writeFileSync(place, bytesOf(entry));
  }
  return folder;
};

/** What the header of an entry is to say. */
export type HeaderSketch = Partial<Header> & Pick<Header, 'name'>;

/** An archive, entry by entry. */
export const tarOf = (entries: readonly (readonly [HeaderSketch, (Uint8Array | string)?])[]): Promise<Uint8Array> => {
  const archive = pack();
  const whole = buffer(archive);
  for (const [header, content] of entries) {
    if (content === undefined) archive.entry(header);
    else archive.entry(header, bytesOf(content));
  }
  archive.finalize();
  return whole;
};

export const tarOfEntries = (entries: Entries): Promise<Uint8Array> =>
  tarOf(
    Object.entries(entries).map(([name, entry]) =>
      isLink(entry) ? [{ name, type: 'symlink', linkname: entry.link }] : [{ name }, entry],
    ),
  );
