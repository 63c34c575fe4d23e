import { machine as architecture, release } from 'node:os';
import { IommuError } from '@iommu/core';
import type { FileTree } from '../file-tree.js';
import { FolderTree } from '../folder-tree.js';
import { withRecordedSizes } from '../recorded-sizes.js';
import { Redactor } from '../redact/redactor.js';
import { learnHostName, redactEntries } from '../redact/tree.js';
import { findTop } from '../snapshot.js';
import type { TreeEntry } from '../tree-entries.js';
import { SysfsCollector } from './collect-sysfs.js';
import { collectSystem } from './collect-system.js';
import { Collection } from './collection.js';
import { readKernelLog } from './kernel-log.js';
import { configSizes, manifestEntry, recordedManifest } from './manifest.js';
import { type Missing, missingOf } from './missing.js';

/** What was taken of a machine. */
export interface Capture {
  /** For `entriesToTar()` or `entriesToFolder()`: data only, no path leads out. */
  readonly entries: readonly TreeEntry[];
  /** What could not be taken; also in `capture.json` among the entries. */
  readonly missing: readonly Missing[];
}

/** Which machine, and what is left in. */
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
  const recorded = recordedManifest(top);
  const missing = recorded.missing ?? missingOf(top, sys, collection);
  const version = live.version ?? recorded.version;
  if (redactor) learnHostName(top, redactor);
  const entries = redactor ? redactEntries(collection.entries, redactor) : collection.entries;
  const manifest = manifestEntry({
    schema: 1,
    ...(version !== undefined && { version }),
    redacted: redactor !== undefined,
    missing: missing.map(({ message, ...rest }) => ({ ...rest, message: redactor?.name(message) ?? message })),
    configSizes: configSizes(collection),
  });
  return { entries: [manifest, ...entries], missing };
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
