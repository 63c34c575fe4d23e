import { machine as architecture, release } from 'node:os';
import { IommuError } from '@iommu/core';
import type { FileTree } from '../file-tree.js';
import { FolderTree } from '../folder-tree.js';
import { MANIFEST, withRecordedSizes } from '../recorded-sizes.js';
import { Redactor } from '../redact/redactor.js';
import { learnHostName, redactEntries } from '../redact/tree.js';
import { findTop } from '../snapshot.js';
import type { TreeEntry } from '../tree-entries.js';
import { SysfsCollector } from './collect-sysfs.js';
import { collectSystem } from './collect-system.js';
import { Collection } from './collection.js';
import { readKernelLog } from './kernel-log.js';
import { type Missing, missingOf, recordedMissing } from './missing.js';

/** What was taken of a machine. */
export interface Capture {
  /** For `entriesToTar()` or `entriesToFolder()`: data only, no path leads out. */
  readonly entries: readonly TreeEntry[];
  /** What could not be taken; also in `capture.json` among the entries. */
  readonly missing: readonly Missing[];
}

export interface CaptureOptions {
  /** Where the machine's `sys`, `proc`, `boot` and `etc` are; default `/`, this machine. */
  readonly root?: string;
  /** Leave everything in that tells this machine from others; default `true`: take it out. */
  readonly redact?: boolean;
  /** Of the program that captures. */
  readonly version?: string;
}

interface Live {
  readonly log?: string | undefined;
  readonly version?: string | undefined;
}

/** Of configuration spaces that were cut, what there is on the machine. */
const configSizes = ({ configs }: Collection): Record<string, number> =>
  Object.fromEntries(
    configs.flatMap(({ address, length, size }) => (size !== undefined && size > length ? [[address, size]] : [])),
  );

/**
 * Take out of a tree what grouping needs.
 *
 * @returns `undefined` when the tree holds no sysfs.
 */
export const captureTree = (tree: FileTree, redactor: Redactor | undefined, live: Live = {}): Capture | undefined => {
  const found = findTop(tree);
  if (!found) return undefined;
  const { top } = found;
  const sys = withRecordedSizes(found.sys, top);
  const collection = new Collection();
  // A machine without PCI has sysfs nevertheless.
  collection.directory('sys');
  new SysfsCollector(sys, collection).collect();
  collectSystem(top, collection, live.log);
  const missing = recordedMissing(top, MANIFEST) ?? missingOf(top, sys, collection);
  const manifest = {
    schema: 1,
    ...(live.version !== undefined && { version: live.version }),
    redacted: redactor !== undefined,
    missing,
    configSizes: configSizes(collection),
  };
  if (redactor) learnHostName(top, redactor);
  const entries = redactor ? redactEntries(collection.entries, redactor) : collection.entries;
  const bytes = new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
  return { entries: [{ path: MANIFEST, bytes }, ...entries], missing };
};

/** The live system, with what the C library tells where `proc` does not. */
const liveTree = (tree: FileTree): FileTree => {
  const known: Readonly<Record<string, string>> = {
    'proc/sys/kernel/arch': architecture(),
    'proc/sys/kernel/osrelease': release(),
  };
  return {
    read: (path) => {
      const text = known[path];
      return tree.read(path) ?? (text === undefined ? undefined : new TextEncoder().encode(`${text}\n`));
    },
    readSized: (path) => tree.readSized?.(path),
    link: (path) => tree.link(path),
    list: (path) => tree.list(path),
  };
};

/**
 * Take of a machine what its groups can be computed from, redacted unless asked otherwise. Reads only; works without
 * root, and says what it could not read.
 *
 * @throws IommuError `ERR_HOST_INPUT` when there is no sysfs.
 */
export const captureMachine = ({ root = '/', redact = true, version }: CaptureOptions = {}): Capture => {
  const tree = new FolderTree(root);
  const isLive = root === '/';
  const capture = captureTree(isLive ? liveTree(tree) : tree, redact ? new Redactor() : undefined, {
    version,
    log: isLive ? readKernelLog() : undefined,
  });
  if (capture) return capture;
  throw new IommuError(
    'ERR_HOST_INPUT',
    `${root}: holds no sysfs tree; expected a folder sys/ with bus/pci or devices in it`,
  );
};
