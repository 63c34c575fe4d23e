import type { SysfsDirectory, SysfsNode } from '../node.js';
import { printable } from './printable.js';
import { sortedNames } from './sorted-walk.js';

/** How much is listed. */
export interface ListLinesOptions {
  /** What the path of the top is called; default `/sys`. */
  readonly name?: string;
  /** How many levels below the top are listed; default all. */
  readonly depth?: number;
}

const LETTERS = ['r', 'w', 'x'];

/** `-rw-r--r--` */
const modeText = (node: SysfsNode): string => {
  const kind = node.kind === 'directory' ? 'd' : node.kind === 'link' ? 'l' : '-';
  const mode = node.kind === 'link' ? 0o777 : node.mode;
  const bits = Array.from({ length: 9 }, (_, at) => ((mode >> (8 - at)) & 1 ? LETTERS[at % 3] : '-'));
  return kind + bits.join('');
};

/** Of directories and links sysfs gives no size. */
const sizeOf = (node: SysfsNode): string => (node.kind === 'file' ? String(node.size) : '0');

const directoryLines = (entries: readonly (readonly [string, SysfsNode])[]): string[] => {
  const width = Math.max(0, ...entries.map(([, node]) => sizeOf(node).length));
  return entries.map(([name, node]) => {
    const target = node.kind === 'link' ? ` -> ${printable(node.target)}` : '';
    return `${modeText(node)} root root ${sizeOf(node).padStart(width)} ${printable(name)}${target}`;
  });
};

/**
 * A directory as `LC_ALL=C ls -lR` lists one, line by line without newlines: mode, owner, size, name, target of a link. Without
 * what a model has none of (times, counts of hard links, blocks).
 */
export function* listLines(top: SysfsDirectory, options: ListLinesOptions = {}): Generator<string> {
  const { name: title = '/sys', depth = Number.POSITIVE_INFINITY } = options;
  const list = function* (directory: SysfsDirectory, path: string, level: number): Generator<string> {
    const entries = sortedNames(directory).flatMap((name): [string, SysfsNode][] => {
      const node = directory.child(name);
      return node ? [[name, node]] : [];
    });
    yield `${printable(path, Number.POSITIVE_INFINITY)}:`;
    yield* directoryLines(entries);
    if (level >= depth) return;
    for (const [name, node] of entries) {
      if (node.kind !== 'directory') continue;
      yield '';
      yield* list(node, `${path}/${name}`, level + 1);
    }
  };
  yield* list(top, title, 1);
}
