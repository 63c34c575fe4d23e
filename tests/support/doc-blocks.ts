import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './command.js';
import { type CodeBlock, codeBlocks } from './markdown.js';
import { guides, type Text } from './texts.js';

/**
 * What the tests do with a block: run it as a program or in a shell, hold it against what the block before prints, draw it.
 * `guide`: a file or a command of a text that is tried as a whole. `elsewhere`: another test runs it, by name. `not run`: with
 * the reason.
 */
type Use = 'program' | 'shell' | 'output' | 'drawing' | 'guide' | 'elsewhere' | 'not run';

/** A block of a text, and what is done with it. */
export interface DocBlock extends CodeBlock {
  /** `docs/questions.md:13` */
  readonly name: string;
  readonly path: string;
  readonly use: Use;
  /** Files of tests for `elsewhere`, the reason for `not run`. */
  readonly because: string;
  /** The block after it, where that is what it prints. */
  readonly output: string | undefined;
}

/** Texts whose blocks belong together, each with the test that tries them. */
const GUIDES: Readonly<Record<string, string>> = {
  'docs/writing-a-driver.md': 'tests/docs/writing-a-driver.test.ts',
  // What is written into packages of others; no mark of ours may stand in it.
  'packages/create-iommu-driver/template/README.md': 'tests/packaging/typed.test.ts',
};

const LANGUAGES: Readonly<Record<string, Use>> = { js: 'program', sh: 'shell', mermaid: 'drawing' };

const refuse = (name: string, why: string): never => {
  throw new Error(`${name}: ${why}`);
};

/** What a line starts: `mount` of `sudo iommu mount my.txt dir`, `changesets.mjs` of `node scripts/changesets.mjs`. */
const startedBy = (line: string): string => {
  const words = line
    .replace(/#.*/, '')
    .split(/\s+/)
    .map((word) => basename(word))
    .filter((word) => word !== '' && word !== 'sudo' && word !== 'npx');
  const isStarter = /^(?:iommu|npm|git|node)$/.test(words[0] ?? '');
  return words[isStarter ? 1 : 0] ?? '';
};

/** A mark names tests that run a block: they must be there, and know what each of its lines starts. */
const checkTests = (name: string, files: readonly string[], { language, text }: CodeBlock): void => {
  for (const file of files) {
    if (!file.endsWith('.test.ts') || !existsSync(join(root, file))) refuse(name, `no test ${file}`);
  }
  const sources = files.map((file) => readFileSync(join(root, file), 'utf8'));
  // One that takes blocks by their marks has it.
  if (language !== 'sh' || sources.some((source) => source.includes('/doc-blocks.js'))) return;
  const known = new Set(sources.flatMap((source) => source.split(/[^\w.-]+/)));
  for (const started of text.split('\n').map(startedBy)) {
    if (started !== '' && started !== 'cd' && !known.has(started)) {
      refuse(name, `${files.join(', ')} do not know '${started}'`);
    }
  }
};

const useOf = (name: string, path: string, block: CodeBlock, before: Use | undefined): readonly [Use, string] => {
  const { language, needs, mark } = block;
  const [, kind, because = ''] = /^(not run:|run by) (.+)$/.exec(mark) ?? [];
  if (kind === 'not run:') return ['not run', because];
  if (kind === 'run by') {
    checkTests(name, because.split(/,\s*/), block);
    return ['elsewhere', because];
  }
  if (mark === 'continues' && language === 'js') return ['program', ''];
  if (mark !== '') refuse(name, `the mark '${mark}' says nothing`);
  // A file of what the text makes, a command, or what that prints.
  if (GUIDES[path] !== undefined && (needs !== '' || ['sh', ''].includes(language))) return ['guide', GUIDES[path]];
  if (language === '') {
    const isPrinted = before === 'program' || before === 'shell' || before === 'elsewhere';
    return isPrinted ? ['output', ''] : refuse(name, 'what no command or program before it prints');
  }
  return [LANGUAGES[language] ?? refuse(name, `a block of a kind that nothing tests: '${language}'`), ''];
};

/** The blocks of a text, each with what is done with it. @throws Error for one that nothing would be done with. */
export const docBlocksOf = ({ path, markdown }: Text): DocBlock[] => {
  const blocks = codeBlocks(markdown);
  const done: DocBlock[] = [];
  for (const [at, block] of blocks.entries()) {
    const name = `${path}:${block.line}`;
    const [use, because] = useOf(name, path, block, done.at(-1)?.use);
    const next = blocks[at + 1];
    const output = use !== 'output' && next?.language === '' && next.mark === '' ? next.text : undefined;
    done.push({ ...block, name, path, use, because, output });
  }
  return done;
};

/** Every block of every text that is written to be read. */
export const docBlocks = (): DocBlock[] => guides.flatMap(docBlocksOf);
