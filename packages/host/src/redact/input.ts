import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { IommuError, isIommuError } from '@iommu/core';
import { machineFromJson, machineToJson } from '@iommu/machine/json';
import { acpiSignature } from '../acpidump.js';
import { isTar } from '../archive-kind.js';
import { captureTree } from '../capture/capture.js';
import { type FileTree, readText } from '../file-tree.js';
import { FolderTree } from '../folder-tree.js';
import { readMachineBytes } from '../read-machine.js';
import { readTar } from '../tar.js';
import { entriesToTar, type TreeEntry } from '../tree-entries.js';
import { machineToEntries } from '../write-tar.js';
import { redactAcpiTable } from './acpi-table.js';
import { redactMachine } from './machine.js';
import { decodeText, Redactor } from './redactor.js';

/** A redacted dump, of the kind that went in. */
export type Redacted =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'tar' | 'folder'; readonly entries: readonly TreeEntry[] };

/** Of a folder of loose files, no more than so many are looked at, none larger than this. */
const LOOSE_FILES = 64;
const LOOSE_BYTES = 256 * 1024 * 1024;

const fail = (name: string, message: string, cause?: unknown): IommuError =>
  new IommuError('ERR_HOST_INPUT', `${name}: ${message}`, { cause });

const parseJson = (text: string, name: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fail(name, `starts as JSON and is not: ${(cause as Error).message}`, cause);
  }
};

/** Files of a tree with a machine as JSON or with sysfs; `undefined` when it has neither. */
const redactTree = (tree: FileTree, name: string, redactor: Redactor): readonly TreeEntry[] | undefined => {
  const whole = readText(tree, 'machine.json');
  if (whole === undefined) return captureTree(tree, redactor)?.entries;
  return machineToEntries(redactMachine(machineFromJson(parseJson(whole, `${name}: machine.json`)), redactor));
};

const redactOne = async (bytes: Uint8Array, name: string, redactor: Redactor): Promise<Redacted> => {
  if (isTar(bytes)) {
    const entries = redactTree(await readTar(bytes), name, redactor);
    if (!entries) throw fail(name, 'holds no sysfs tree; expected a folder sys/ with bus/pci or devices in it');
    return { kind: 'tar', entries };
  }
  if (acpiSignature(bytes) !== undefined) return { kind: 'file', bytes: redactAcpiTable(bytes) };
  const { text } = decodeText(bytes);
  if (/^\s*\{/.test(text)) {
    const machine = redactMachine(machineFromJson(parseJson(text, name)), redactor);
    return { kind: 'file', bytes: Buffer.from(`${JSON.stringify(machineToJson(machine), null, 2)}\n`) };
  }
  // Refuses what describes no machine: of such a text it is not known what is secret in it.
  await readMachineBytes(bytes, { name });
  redactor.learn(text);
  return { kind: 'file', bytes: redactor.textBytes(bytes) };
};

/**
 * Take what tells one machine from all others out of a dump of any kind that can be read; what groups are computed from
 * stays, and so do the groups.
 *
 * @throws IommuError `ERR_HOST_INPUT` for an unknown format, `ERR_HOST_ARCHIVE`, `ERR_MACHINE`
 */
export const redactBytes = (bytes: Uint8Array, name = 'input'): Promise<Redacted> =>
  redactOne(bytes, name, new Redactor());

interface LooseFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const looseFiles = (folder: string): LooseFile[] =>
  readdirSync(folder)
    .sort()
    .slice(0, LOOSE_FILES)
    .flatMap((entry) => {
      const path = join(folder, entry);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat?.isFile() && stat.size <= LOOSE_BYTES ? [{ path, bytes: readFileSync(path) }] : [];
    });

const ending = (bytes: Uint8Array): string => (acpiSignature(bytes) === undefined ? 'txt' : 'dat');

/** Files that describe the machine, under names that say nothing and sort as theirs did. */
const redactLoose = async (folder: string, name: string, redactor: Redactor): Promise<TreeEntry[]> => {
  const files = looseFiles(folder);
  for (const { bytes } of files) if (!isTar(bytes)) redactor.learn(decodeText(bytes).text);
  const entries: TreeEntry[] = [];
  for (const { path, bytes } of files) {
    try {
      const redacted = await redactOne(bytes, path, redactor);
      const number = String(entries.length + 1).padStart(2, '0');
      if (redacted.kind === 'file')
        entries.push({ path: `dump-${number}.${ending(redacted.bytes)}`, bytes: redacted.bytes });
      else entries.push({ path: `dump-${number}.tar`, bytes: await entriesToTar(redacted.entries) });
    } catch (error) {
      // A folder holds other files too; they are not taken along.
      if (!isIommuError(error)) throw error;
    }
  }
  if (entries.length === 0)
    throw fail(name, 'no file of the folder describes a machine, and there is no folder sys/ in it');
  return entries;
};

/**
 * As {@link redactBytes}, of a file or a folder.
 *
 * @throws IommuError `ERR_HOST_INPUT`, `ERR_HOST_ARCHIVE`, `ERR_MACHINE`
 */
export const redactPath = async (path: string): Promise<Redacted> => {
  let bytes: Uint8Array;
  try {
    if (statSync(path).isDirectory()) {
      const redactor = new Redactor();
      const entries = redactTree(new FolderTree(path), path, redactor) ?? (await redactLoose(path, path, redactor));
      return { kind: 'folder', entries };
    }
    bytes = readFileSync(path);
  } catch (cause) {
    if (isIommuError(cause)) throw cause;
    throw fail(path, `cannot be read: ${(cause as Error).message}`, cause);
  }
  return redactBytes(bytes, path);
};
