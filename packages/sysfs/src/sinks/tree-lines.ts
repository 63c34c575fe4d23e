import type { SysfsDirectory, SysfsNode } from '../node.js';
import { contentLines } from './content-lines.js';
import { printable } from './printable.js';
import { sortedNames } from './sorted-walk.js';

/** How much is drawn. */
export interface TreeLinesOptions {
  /** What the first line says; default `/sys`. */
  readonly name?: string;
  /** How many levels below the top are shown; default all. */
  readonly depth?: number;
  /** Show what the files hold. */
  readonly contents?: boolean;
}

/** What is drawn before an entry, and before what is below it. */
const BRANCH = ['├── ', '│   '] as const;
const LAST = ['└── ', '    '] as const;

/** `key: text` on a line, or the lines below the name. */
const fileLines = (label: string, lines: readonly string[]): string[] => {
  if (lines.length === 1) return [`${label}: ${lines[0]}`.trimEnd()];
  return [`${label}:`, ...lines.map((line) => `  ${line}`)];
};

const entryLines = (name: string, node: SysfsNode, contents: boolean): string[] => {
  const label = printable(name);
  if (node.kind === 'link') return [`${label} -> ${printable(node.target)}`];
  return node.kind === 'file' && contents ? fileLines(label, contentLines(node)) : [label];
};

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/**
 * A directory as the program `tree` draws one, line by line without newlines, by ascending name; links with their targets,
 * never followed; the last line counts what was drawn.
 */
export function* treeLines(top: SysfsDirectory, options: TreeLinesOptions = {}): Generator<string> {
  const { name: title = '/sys', depth = Number.POSITIVE_INFINITY, contents = false } = options;
  const counts = { directory: 0, file: 0, link: 0 };
  const below = function* (directory: SysfsDirectory, indent: string, level: number): Generator<string> {
    if (level > depth) return;
    const names = sortedNames(directory);
    for (const [at, name] of names.entries()) {
      const node = directory.child(name);
      if (!node) continue;
      const [branch, rail] = at === names.length - 1 ? LAST : BRANCH;
      const [first = '', ...more] = entryLines(name, node, contents);
      yield `${indent}${branch}${first}`;
      for (const line of more) yield `${indent}${rail}${line}`;
      counts[node.kind]++;
      if (node.kind === 'directory') yield* below(node, indent + rail, level + 1);
    }
  };
  yield printable(title);
  yield* below(top, '', 1);
  yield '';
  yield [
    plural(counts.directory, 'directory', 'directories'),
    plural(counts.file, 'file', 'files'),
    plural(counts.link, 'link', 'links'),
  ].join(', ');
}
