import { IommuError } from '@iommu/core';
import { nodeAt, type SysfsDirectory, type SysfsFile, type SysfsLink } from '../node.js';
import { asText } from './content-lines.js';
import { checkedName, checkedTarget } from './entry-names.js';
import { writeAside } from './file.js';
import { lineChunks } from './line-chunks.js';
import { printable } from './printable.js';
import { READABLE, readContent } from './read-content.js';
import { sortedNames } from './sorted-walk.js';

/** A device of the record, and where it is below `/sys`. */
interface Found {
  readonly path: string;
  readonly directory: SysfsDirectory;
}

/** Every directory with a `subsystem` is a device; one without, such as `pci0000:00`, has no place in a record. */
const subsystemOf = (directory: SysfsDirectory): string | undefined => {
  const link = directory.child('subsystem');
  return link?.kind === 'link' ? link.target.split('/').at(-1) : undefined;
};

/** Devices below a directory, the outer ones first. */
function* devicesBelow(directory: SysfsDirectory, path: string): Generator<Found> {
  if (subsystemOf(directory) !== undefined) yield { path, directory };
  for (const name of sortedNames(directory)) {
    const node = directory.child(name);
    if (node?.kind === 'directory') yield* devicesBelow(node, `${path}/${checkedName(name, path)}`);
  }
}

/** Attributes and links of a device, those of its groups of attributes (`power/control`) among them. */
function* entriesOf(
  directory: SysfsDirectory,
  path: string,
  prefix = '',
): Generator<readonly [key: string, node: SysfsFile | SysfsLink]> {
  for (const name of sortedNames(directory)) {
    const node = directory.child(name);
    if (!node) continue;
    const key = prefix + checkedName(name, path);
    if (node.kind !== 'directory') yield [key, node];
    else if (subsystemOf(node) === undefined) yield* entriesOf(node, path, `${key}/`);
  }
}

const checkedText = (text: string, path: string, forbidden: RegExp): string => {
  if (!forbidden.test(text)) return text;
  throw new IommuError('ERR_SYSFS_NAME', `'${printable(path)}' has '${printable(text)}', which a record cannot hold`);
};

/** It would begin another line, or end before its time. */
const checkedKey = (key: string, path: string): string => checkedText(key, path, /[=\n\r]/);
const checkedValue = (value: string, path: string): string => checkedText(value, path, /[\n\r]/);

const escapeText = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

/** Plain text that every reader takes alike; the newline at its end belongs to it. */
const isPlain = (bytes: Uint8Array): boolean => bytes.every((byte) => byte < 0x80) && asText(bytes) !== undefined;

const attributeLines = (key: string, file: SysfsFile): string[] => {
  const { bytes, errno } = readContent(file);
  if (errno !== undefined || (file.mode & READABLE) === 0) return [];
  return [isPlain(bytes) ? `A: ${key}=${escapeText(new TextDecoder().decode(bytes))}` : `H: ${key}=${hex(bytes)}`];
};

/** What the kernel announces a device with: the lines of its `uevent`, and the subsystem. */
const propertyLines = (directory: SysfsDirectory): string[] => {
  const uevent = directory.child('uevent');
  const text = uevent?.kind === 'file' ? (asText(readContent(uevent).bytes) ?? '') : '';
  const properties = text.split('\n').filter((line) => /^[^=]+=/.test(line) && !line.startsWith('SUBSYSTEM='));
  return [`SUBSYSTEM=${subsystemOf(directory) ?? ''}`, ...properties].map((line) => `E: ${line}`);
};

function* deviceLines({ path, directory }: Found): Generator<string> {
  yield `P: /${checkedKey(path, path)}`;
  yield* propertyLines(directory);
  for (const [key, node] of entriesOf(directory, path)) {
    checkedKey(key, path);
    if (node.kind === 'link') {
      // The reader makes this one itself, of the property.
      if (key !== 'subsystem') yield `L: ${key}=${checkedValue(checkedTarget(node.target, `${path}/${key}`), path)}`;
    } else if (key !== 'uevent') yield* attributeLines(key, node);
  }
}

/**
 * The devices of a tree as a umockdev record, line by line without newlines: each with its properties, its attributes that
 * can be read, binary ones in hexadecimal, and its links.
 *
 * A record holds devices only. Groups are none, so their own directories are missing from it (the links to them are
 * there), and so are drivers and buses: for these use a folder with `UMOCKDEV_DIR`.
 *
 * @throws IommuError `ERR_SYSFS_NAME` for a name that a record cannot hold.
 * @see https://github.com/martinpitt/umockdev (README, "Record files")
 */
export function* umockdevLines(sys: SysfsDirectory): Generator<string> {
  const devices = nodeAt(sys, 'devices');
  if (devices?.kind !== 'directory') return;
  for (const device of devicesBelow(devices, 'devices')) {
    yield* deviceLines(device);
    yield '';
  }
}

/**
 * Write the devices of a tree as a umockdev record; see `umockdevLines()`. It appears when it is whole.
 *
 * @throws IommuError `ERR_SYSFS_TARGET` with what to do instead, `ERR_SYSFS_NAME` for a name that a record cannot hold.
 */
export const writeUmockdev = (sys: SysfsDirectory, named: string): Promise<void> =>
  writeAside(lineChunks(umockdevLines(sys)), named);
