import { IommuError } from '@iommu/core';
import { type FileTree, MemoryTree } from './file-tree.js';

/** Whether a text is a umockdev record of devices. */
export const isUmockdev = (text: string): boolean => /^(?:(?:#[^\n]*|[^\S\n]*)\n)*P: \/devices\//.test(text);

/** As GLib's `g_strcompress()` has them, and hexadecimal ones, which people write. */
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([\s\S]))/g;

const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** An escape stands for a byte, so it is replaced among bytes, of which each is a character meanwhile. */
const unescapeText = (text: string): Uint8Array => {
  const bytes = Buffer.from(text).toString('latin1');
  const plain = bytes.replace(ESCAPE, (_, hex?: string, octal?: string, other = '') => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return octal === undefined ? (CONTROLS[other] ?? other) : String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
  });
  return new Uint8Array(Buffer.from(plain, 'latin1'));
};

const fromHex = (text: string, line: number): Uint8Array => {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) {
    throw new IommuError('ERR_HOST_INPUT', `line ${line}: binary attribute is not pairs of hexadecimal digits`);
  }
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
};

const LINE = /^([PALHES]): ?([^=]*)(?:=(.*))?$/;

const leadsUpwards = (path: string): boolean => path.split('/').includes('..');

/** Start a device; the bus is not part of a record, but its directory says where the bus's link would lead. */
const startDevice = (tree: MemoryTree, path: string, line: number): string => {
  if (leadsUpwards(path)) throw new IommuError('ERR_HOST_INPUT', `line ${line}: path '${path}' leads upwards`);
  tree.addDirectory(`sys${path}`);
  if (/^\/devices\/.*pci[0-9a-f]+:[0-9a-f]{2}\//.test(path)) {
    tree.addLink(`sys/bus/pci/devices/${path.split('/').at(-1)}`, `../../..${path}`);
  }
  return `sys${path}`;
};

/**
 * The sysfs tree that a umockdev record describes.
 *
 * @throws IommuError `ERR_HOST_INPUT` with the line, for a device or an attribute that cannot be read.
 * @see https://github.com/martinpitt/umockdev (README, "Record files")
 */
export const readUmockdev = (text: string): FileTree => {
  const tree = new MemoryTree();
  let device: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [, kind, key = '', value = ''] = LINE.exec(line) ?? [];
    if (kind === 'P') device = startDevice(tree, key, index + 1);
    else if (device === undefined || leadsUpwards(key)) continue;
    else if (kind === 'A') tree.addFile(`${device}/${key}`, unescapeText(value));
    else if (kind === 'H') tree.addFile(`${device}/${key}`, fromHex(value.trim(), index + 1));
    else if (kind === 'L') tree.addLink(`${device}/${key}`, value);
  }
  return tree;
};
