import { type DocBlock, docBlocksOf } from './doc-blocks.js';
import { guides } from './texts.js';

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

/** The first program of a text of the repository, which shows what it prints. @param path - From its top. */
export const firstSample = (path: string): { readonly code: string; readonly output: string } => {
  const blocks = guides.filter((text) => text.path === path).flatMap(docBlocksOf);
  const first = blocks.find(({ language }) => language === 'js');
  if (first?.output === undefined) throw new Error(`${path} shows no program with its output`);
  return { code: first.text, output: first.output };
};
