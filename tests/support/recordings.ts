import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileTree, readSnapshot, readTar } from '@iommu/host';
import type { Machine } from '@iommu/machine';

const folder = fileURLToPath(new URL('../../fixtures/recorded', import.meta.url));

/** What a recorded kernel said: `expected.json` of a recording. */
interface Expected {
  readonly kernel: string;
  readonly iommu: 'intel' | 'amd' | 'smmuv3' | 'virtio' | 'none';
  readonly iommus: readonly string[];
  readonly groups: readonly {
    readonly id: number;
    readonly type: string;
    readonly name: string | null;
    readonly devices: readonly string[];
    readonly reserved_regions: readonly string[];
  }[];
  readonly devices: Readonly<
    Record<string, { readonly iommu: string | null; readonly driver: string | null; readonly path: string }>
  >;
  readonly ungrouped: readonly string[];
}

/** One recorded boot. */
export interface Recording {
  /** `vtd/intel-001`, `pairs/swap-two-endpoints/before` */
  readonly name: string;
  /** The archive that it is in. */
  readonly file: string;
  readonly tree: FileTree;
  readonly expected: Expected;
}

const decoder = new TextDecoder();

export const readJson = <T>(tree: FileTree, path: string): T | undefined => {
  const bytes = tree.read(path);
  return bytes && (JSON.parse(decoder.decode(bytes)) as T);
};

/** Part of a tree as a tree of its own. */
const below = (tree: FileTree, directory: string): FileTree => ({
  read: (path) => tree.read(`${directory}/${path}`),
  link: (path) => tree.link(`${directory}/${path}`),
  list: (path) => tree.list(path === '' ? directory : `${directory}/${path}`),
});

/** The archives of a category, without their endings. */
export const archives = (category: string): string[] =>
  readdirSync(join(folder, category))
    .filter((name) => name.endsWith('.tar.gz'))
    .map((name) => `${category}/${name.replace(/\.tar\.gz$/, '')}`);

/** The boots that an archive holds: one, or one before and one after a change. */
export const readRecordings = async (archive: string): Promise<Recording[]> => {
  const file = join(folder, `${archive}.tar.gz`);
  const tree = await readTar(readFileSync(file));
  const [top = ''] = tree.list('');
  return [top, `${top}/before`, `${top}/after`].flatMap((directory) => {
    const expected = readJson<Expected>(tree, `${directory}/expected.json`);
    const part = directory === top ? '' : directory.slice(top.length);
    return expected ? [{ name: `${archive}${part}`, file, tree: below(tree, directory), expected }] : [];
  });
};

/** A machine that was booted twice with one change between. */
export interface RecordedPair {
  /** `pairs/swap-two-endpoints` */
  readonly name: string;
  /** Holds `change.json`. */
  readonly tree: FileTree;
  readonly before: Recording;
  readonly after: Recording;
}

export const readPair = async (archive: string): Promise<RecordedPair> => {
  const [before, after] = await readRecordings(archive);
  if (!before || !after) throw new Error(`${archive} does not hold two boots`);
  const tree = await readTar(readFileSync(before.file));
  return { name: archive, tree: below(tree, tree.list('')[0] ?? ''), before, after };
};

/** All boots of some categories. */
export const recordedMachines = async (categories: readonly string[]): Promise<Recording[]> =>
  (await Promise.all(categories.flatMap(archives).map(readRecordings))).flat();

/** What a tree describes; it must describe a machine. @param attributes - With the further attributes of PCI functions. */
export const machineOf = (tree: FileTree, attributes = false): Machine => {
  const machine = readSnapshot(tree, { attributes });
  if (!machine) throw new Error('no sysfs tree in the recording');
  return machine;
};
