import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { IommuError, isIommuError } from '@iommu/core';
import type { Machine } from '@iommu/machine';
import { acpiSignature } from './acpidump.js';
import { isTar } from './archive-kind.js';
import { type FileTree, readText } from './file-tree.js';
import { FolderTree } from './folder-tree.js';
import { liftHexRows } from './hex-rows.js';
import { mergeMachines } from './merge.js';
import { readSnapshot } from './snapshot.js';

/** Where a description comes from. */
export interface ReadOptions {
  /** For messages, and the machine's name if it has none: a path, `standard input`. */
  readonly name?: string;
  /** Read the further attributes of PCI functions too, which a tree of sysfs shows; no group depends on them. */
  readonly attributes?: boolean;
}

/** Of a folder of loose files, no more than so many are looked at, none larger than this. */
const LOOSE_FILES = 64;
const LOOSE_BYTES = 256 * 1024 * 1024;

const FORMATS =
  'expected output of lspci, a kernel log, an acpidump, an ACPI table, a umockdev record, a tar with a sysfs tree, or a machine as JSON';

const fail = (name: string, message: string, cause?: unknown): IommuError =>
  new IommuError('ERR_HOST_INPUT', `${name}: ${message}`, { cause });

/** The options, with their defaults. */
type Meant = Required<ReadOptions>;

const named = (name: string, machine: Machine): Machine => ({ name, ...machine });

/** A `machine.json` at the top, as our own archives have it, is the machine itself. */
const findInTree = async (tree: FileTree, { name, attributes }: Meant): Promise<Machine | undefined> => {
  const whole = readText(tree, 'machine.json');
  if (whole !== undefined) return fromJson(whole, `${name}: machine.json`);
  const machine = readSnapshot(tree, { attributes });
  return machine && named(name, machine);
};

const fromTree = async (tree: FileTree, meant: Meant): Promise<Machine> => {
  const { name } = meant;
  const machine = await findInTree(tree, meant);
  if (machine) return machine;
  const several = innerMachines(tree);
  throw fail(
    name,
    several.length > 0
      ? `holds ${several.length} machines: ${several.join(', ')}; unpack it and name one of these folders`
      : 'holds no sysfs tree; expected a folder sys/ with bus/pci or devices in it',
  );
};

/** Folders two levels down that are machines: an archive of several. */
const innerMachines = (tree: FileTree): string[] =>
  tree
    .list('')
    .flatMap((top) => tree.list(top).map((name) => `${top}/${name}`))
    .filter((path) => tree.list(path).includes('sys'));

const fromJson = async (text: string, name: string): Promise<Machine> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail(name, `starts as JSON and is not: ${(cause as Error).message}`, cause);
  }
  const { machineFromJson } = await import('@iommu/machine/json');
  return named(name, machineFromJson(value));
};

/**
 * Read a description of a machine from its bytes, whatever its format.
 *
 * @throws IommuError `ERR_HOST_INPUT` for an unknown format, `ERR_HOST_ARCHIVE`, `ERR_MACHINE`
 */
export const readMachineBytes = async (
  bytes: Uint8Array,
  { name = 'input', attributes = false }: ReadOptions = {},
): Promise<Machine> => {
  if (isTar(bytes)) {
    const { readTar } = await import('./tar.js');
    return fromTree(await readTar(bytes), { name, attributes });
  }
  const signature = acpiSignature(bytes);
  if (signature !== undefined) return named(name, { schema: 1, firmware: { acpi: { [signature]: bytes } } });
  const lifted = liftHexRows(bytes);
  const { text } = lifted;
  if (/^\s*\{/.test(text)) return fromJson(text, name);
  const { isUmockdev, readUmockdev } = await import('./umockdev.js');
  if (isUmockdev(text)) return fromTree(readUmockdev(text), { name, attributes });
  const { machineFromText } = await import('./read-text.js');
  const machine = machineFromText(lifted, attributes);
  if (!machine) throw fail(name, `not a description of a machine; ${FORMATS}`);
  return named(name, machine);
};

/** Whatever of a folder's own files describes the machine, put together; lspci before logs. */
const readLoose = async (folder: string, { name, attributes }: Meant): Promise<Machine> => {
  const parts: Machine[] = [];
  for (const entry of readdirSync(folder).sort().slice(0, LOOSE_FILES)) {
    const path = join(folder, entry);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile() || stat.size > LOOSE_BYTES) continue;
    try {
      parts.push(await readMachineBytes(readFileSync(path), { name, attributes }));
    } catch (error) {
      // A folder holds other files too.
      if (!isIommuError(error)) throw error;
    }
  }
  if (parts.length === 0)
    throw fail(name, `no file of the folder describes a machine, and there is no folder sys/ in it; ${FORMATS}`);
  return mergeMachines(parts.sort((a, b) => rank(a) - rank(b)));
};

/** Lists of functions that tell of ACS before those that tell of PCI Express at most, as a log of 6.9 or later does. */
const rank = ({ pci }: Machine): number => {
  const functions = pci?.functions ?? [];
  if (functions.some(({ acs, config }) => acs !== undefined || config)) return 0;
  return functions.some(({ express }) => express !== undefined) ? 1 : 2;
};

/**
 * Read a description of a machine.
 *
 * @param path - A file, or a folder with a sysfs tree or with loose files (lspci text, a log, tables) of one machine;
 * absent: this machine, live, read only.
 * @throws IommuError `ERR_HOST_INPUT`, `ERR_HOST_ARCHIVE`, `ERR_MACHINE`
 */
export const readMachine = async (path?: string, options: ReadOptions = {}): Promise<Machine> => {
  const { attributes = false } = options;
  if (path === undefined) return fromTree(new FolderTree('/'), { name: options.name ?? 'this machine', attributes });
  const name = options.name ?? path;
  const meant = { name, attributes };
  let bytes: Uint8Array;
  try {
    if (statSync(path).isDirectory()) {
      return (await findInTree(new FolderTree(path), meant)) ?? (await readLoose(path, meant));
    }
    bytes = readFileSync(path);
  } catch (cause) {
    if (isIommuError(cause)) throw cause;
    throw fail(name, `cannot be read: ${(cause as Error).message}`, cause);
  }
  return readMachineBytes(bytes, meant);
};
