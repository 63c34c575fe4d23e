import type { DocBlock } from './doc-blocks.js';

/** A program that a text shows. */
export interface Program {
  readonly name: string;
  readonly path: string;
  /** What it takes to run it, `fuse`, `namespaces`; empty for Node alone. */
  readonly needs: string;
  readonly code: string;
  /** What it prints; `undefined` where only its end counts. */
  readonly output: string | undefined;
}

/** The programs of texts; one that goes on where the one before it ended begins with that. */
export const programsOf = (blocks: readonly DocBlock[]): Program[] => {
  const programs: Program[] = [];
  for (const { use, name, path, needs, mark, text, output } of blocks) {
    if (use !== 'program') continue;
    const before = mark === 'continues' ? programs.findLast((one) => one.path === path) : undefined;
    if (mark === 'continues' && before === undefined) throw new Error(`${name}: continues nothing`);
    if (mark === '' && output === undefined) throw new Error(`${name}: a program without its output after it`);
    programs.push({ name, path, needs, output, code: `${before?.code ?? ''}${text}` });
  }
  return programs;
};
