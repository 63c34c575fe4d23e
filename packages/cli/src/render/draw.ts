import { IommuError } from '@iommu/core';
import { lineChunks, listLines, nodeAt, type SysfsDirectory, treeLines } from '@iommu/sysfs';
import { writeOut } from '../output.js';

/** What is drawn, and how. */
export interface DrawFlags {
  readonly style?: 'tree' | 'ls';
  readonly contents?: boolean;
  readonly at?: string;
  readonly depth?: string;
}

const depthOf = ({ depth }: DrawFlags): number | undefined => {
  if (depth === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(depth)) return Number(depth);
  throw new IommuError('ERR_USAGE', `'${depth}' is no number of levels; expected 1 or more`);
};

const directoryAt = (sys: SysfsDirectory, at: string): SysfsDirectory => {
  const node = nodeAt(sys, at);
  if (node?.kind === 'directory') return node;
  const what = node === undefined ? 'there is no' : `there is a ${node.kind}, no directory,`;
  throw new IommuError('ERR_USAGE', `${what} '${at}' below /sys; the top holds ${[...sys.names()].sort().join(', ')}`);
};

/**
 * Prepare a drawing of the tree, or of a part of it.
 *
 * @returns What writes it to standard output, as far as somebody reads.
 * @throws IommuError `ERR_USAGE`
 */
export const drawing = (sys: SysfsDirectory, flags: DrawFlags): (() => void) => {
  // People write it as they see it: /sys/kernel/iommu_groups/.
  const at = (flags.at ?? '')
    .replace(/^\/+/, '')
    .replace(/^sys(?:\/|$)/, '')
    .replace(/\/+$/, '');
  const depth = depthOf(flags);
  const options = { name: at === '' ? '/sys' : `/sys/${at}`, ...(depth !== undefined && { depth }) };
  const top = directoryAt(sys, at);
  if (flags.style === 'ls' && flags.contents) {
    throw new IommuError('ERR_USAGE', 'a listing as of ls holds no contents: leave out --contents, or --style ls');
  }
  const lines =
    flags.style === 'ls' ? listLines(top, options) : treeLines(top, { ...options, contents: flags.contents === true });
  return () => {
    for (const chunk of lineChunks(lines)) writeOut(chunk);
  };
};
