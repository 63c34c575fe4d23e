import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../support/command.js';
import { type CodeBlock, codeBlocks } from '../support/markdown.js';
import { runTool } from '../support/packed.js';

const guide = codeBlocks(readFileSync(join(root, 'docs/writing-a-driver.md'), 'utf8'));

/** Blocks that are files: their language is followed by a path. */
const files = guide.filter(({ needs }) => needs !== '');
/** What would ask a registry. */
const isRegistry = ({ text }: CodeBlock): boolean => text.startsWith('npm ');
/** What is typed, with what is printed where that is shown. */
const commands = guide.flatMap((block, at): [string, string, string | undefined][] => {
  if (block.language !== 'sh' || isRegistry(block)) return [];
  const next = guide[at + 1];
  return [[`line ${block.line}`, block.text, next?.language === '' ? next.text : undefined]];
});

let folder: string;

/** The package as the guide has it, beside the workspace's packages, from which it takes what it would install. */
beforeAll(() => {
  folder = mkdtempSync(join(root, 'tests/docs/.guide-'));
  for (const { needs, text } of files) {
    mkdirSync(dirname(join(folder, needs)), { recursive: true });
    writeFileSync(join(folder, needs), text);
  }
  symlinkSync(join(root, 'tests/node_modules'), join(folder, 'node_modules'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The first line of a script ends it when it fails, and the command is the one that was built. */
const PRELUDE = `set -e
iommu() { '${process.execPath}' '${join(root, 'packages/cli/bin/iommu.js')}' "$@"; }
npx() { "$@"; }
`;

test('the guide holds a package and what is done with it', () => {
  expect(files.map(({ needs }) => needs)).toEqual([
    'package.json',
    'tsconfig.json',
    'src/parse-toyi.ts',
    'src/write-toyi.ts',
    'src/driver.ts',
    'src/index.ts',
    'src/board.ts',
    'src/try.ts',
    'src/toy.test.ts',
    'src/mistake.ts',
  ]);
  expect(commands.length).toBeGreaterThanOrEqual(4);
  expect(guide.filter(({ language, needs }) => ['ts', 'js', 'json'].includes(language) && needs === '')).toEqual([]);
});

test.each(commands)('%s does what the guide says', (_, text, output) => {
  const printed = runTool('sh', ['-c', `${PRELUDE}${text}`], folder);
  if (output !== undefined) expect(printed).toBe(output);
});

test('it installs what it imports: a driver what drivers may know, its tests what is said to be for development', () => {
  const lines = guide.flatMap(({ text }) => text.split('\n')).filter((line) => line.startsWith('npm install'));
  const named = (line = ''): string[] => line.split(' ').filter((word) => /^@|^typescript/.test(word));
  const [driver, development] = lines.map(named);
  const imported = (wanted: RegExp): string[] =>
    files
      .filter(({ needs }) => wanted.test(needs))
      .flatMap(({ text }) => [...text.matchAll(/from '(@[^/']+\/[^/']+)/g)].map(([, name = '']) => name));
  expect([...new Set(imported(/^src\/(?:driver|parse-toyi|write-toyi|index)\.ts$/))].sort()).toEqual(driver);
  const other = imported(/./).filter((name) => !driver?.includes(name));
  expect([...new Set(other)].filter((name) => !development?.includes(name))).toEqual([]);
});
