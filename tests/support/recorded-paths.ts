import { ROOT, type SysfsNode } from '@iommu/sysfs';
import type { Recording } from './recordings.js';
import { holdsNothing, pathsBelow } from './tree-paths.js';

/** Why a recording may differ from the tree. */
export type Exception =
  /** A directory with nothing in it and a mangled name, left by the program that took the recording. */
  | 'damaged'
  /** What somebody wrote to `driver_override` after the boot. */
  | 'override';

/** What came of comparing one recording. */
export interface Compared {
  /** How many paths the recording has. */
  readonly paths: number;
  readonly differing: readonly string[];
  /** One for each path that differs for a reason. */
  readonly exceptions: readonly Exception[];
}

const decoder = new TextDecoder('latin1');

/** A link's text, a file's content, or that it is a directory: one string that compares. */
export const shownLink = (target: string): string => `-> ${target}`;
export const shownFile = (bytes: Uint8Array): string => decoder.decode(bytes);
export const shownRefusal = (error: unknown): string => `refused: ${(error as { code?: string }).code}`;
export const DIRECTORY = 'directory';

/** The same of a node of a modelled tree, as root reads it. */
export const shownNode = (node: SysfsNode | undefined): string => {
  if (!node) return 'nothing';
  if (node.kind === 'link') return shownLink(node.target);
  return node.kind === 'directory' ? DIRECTORY : shownFile(node.read(ROOT));
};

/** What a kernel makes whether or not there is anything in it. */
const MAY_BE_EMPTY = /^sys\/(?:kernel\/iommu_groups|class\/iommu|devices\/.*\/iommu\/[^/]+\/devices)$/;

const exceptionAt = ({ tree }: Recording, path: string, recorded: string): Exception | undefined => {
  if (recorded === DIRECTORY && holdsNothing(tree, path) && !MAY_BE_EMPTY.test(path)) return 'damaged';
  if (path.endsWith('/driver_override') && recorded !== '(null)\n') return 'override';
  return undefined;
};

/** Compare every path of a recording with what is shown there. @param shownAt - Of a path below `sys` */
export const compareRecorded = (recording: Recording, shownAt: (path: string) => string): Compared => {
  const differing: string[] = [];
  const exceptions: Exception[] = [];
  let paths = 0;
  for (const path of pathsBelow(recording.tree, 'sys')) {
    const link = recording.tree.link(path);
    const bytes = recording.tree.read(path);
    const recorded = link !== undefined ? shownLink(link) : bytes ? shownFile(bytes) : DIRECTORY;
    const computed = shownAt(path.slice('sys/'.length));
    paths += 1;
    if (computed === recorded) continue;
    const exception = exceptionAt(recording, path, recorded);
    if (exception) exceptions.push(exception);
    else differing.push(`${path}: ${computed}, recorded ${recorded}`);
  }
  return { paths, differing, exceptions };
};
