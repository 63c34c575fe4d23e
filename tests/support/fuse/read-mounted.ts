import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type FileTree, FolderTree, readMachine, readSnapshot } from '@iommu/host';
import { machineToJson } from '@iommu/machine/json';
import { DIRECTORY, shownFile, shownLink, shownRefusal } from '../recorded-paths.js';

/*
 * A program that reads a mounted machine once, whole: every path below `sys`, and the machine that the readers of dumps make of it,
 * with the description that stands beside `sys` and without. It becomes one file. Word: the mount. Writes JSON.
 */
const [mount = ''] = process.argv.slice(2);

/** What a program is shown that reads all of a mounted machine. */
export interface Mounted {
  /** By path below `sys`, without what nobody may read: as `shownNode` has it. */
  readonly paths: Readonly<Record<string, string>>;
  readonly whole: unknown;
  readonly bare: unknown;
}

const readOrRefused = (file: string): string => {
  try {
    return shownFile(readFileSync(file));
  } catch (error) {
    return shownRefusal(error);
  }
};

const paths: Record<string, string> = {};
const readTree = (directory: string): void => {
  for (const entry of readdirSync(join(mount, 'sys', directory), { withFileTypes: true })) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    const file = join(mount, 'sys', path);
    if (entry.isDirectory()) {
      paths[path] = DIRECTORY;
      readTree(path);
    } else if (entry.isSymbolicLink()) paths[path] = shownLink(readlinkSync(file));
    else if ((lstatSync(file).mode & 0o444) !== 0) paths[path] = readOrRefused(file);
  }
};
readTree('');

const tree = new FolderTree(mount);
const undescribed: FileTree = {
  read: (path) => (path === 'machine.json' ? undefined : tree.read(path)),
  link: (path) => tree.link(path),
  list: (path) => tree.list(path).filter((name) => name !== 'machine.json'),
};
const bare = readSnapshot(undescribed);
const mounted: Mounted = {
  paths,
  whole: machineToJson(await readMachine(mount)),
  bare: bare && machineToJson(bare),
};
process.stdout.write(JSON.stringify(mounted));
