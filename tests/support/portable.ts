import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './command.js';

/** Packages that run anywhere, in a browser as in Node. */
const PORTABLE = ['core', 'firmware', 'pci', 'machine', 'analysis', 'export'];

/** Entries that do, of packages that as a whole need Node. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = { sysfs: ['./tree'] };

/** What is imported, by the name that others import it by. */
export interface PortableEntry {
  /** The folder of its package: `sysfs` */
  readonly folder: string;
  /** `@iommu/sysfs/tree` */
  readonly specifier: string;
  /** From the package's folder: `src/tree.ts` */
  readonly source: string;
}

const isPortable = (folder: string): boolean => PORTABLE.includes(folder) || folder.startsWith('driver-');

const entriesOf = (folder: string): PortableEntry[] => {
  const path = join(root, 'packages', folder, 'package.json');
  const { name, exports = {} } = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly name: string;
    readonly exports?: Readonly<Record<string, string | { readonly '@iommu/source': string }>>;
  };
  return Object.entries(exports).flatMap(([entry, target]) =>
    typeof target === 'string' || !(isPortable(folder) || ENTRIES[folder]?.includes(entry))
      ? []
      : [{ folder, specifier: join(name, entry), source: join(target['@iommu/source']) }],
  );
};

/** Every entry with code that runs anywhere. */
export const portableEntries: readonly PortableEntry[] = readdirSync(join(root, 'packages')).flatMap(entriesOf);

/** Folders of the packages that have one. */
export const portablePackages: readonly string[] = [...new Set(portableEntries.map(({ folder }) => folder))];
