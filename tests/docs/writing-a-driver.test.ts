import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { driverNames } from '../../packages/create-iommu-driver/src/driver-names.js';
import { packageFiles } from '../../packages/create-iommu-driver/src/package-files.js';
import { root } from '../support/command.js';
import { docBlocksOf } from '../support/doc-blocks.js';
import { runTool } from '../support/packed.js';

const path = 'docs/writing-a-driver.md';
/** Those that are tried here: what needs a registry is tried elsewhere, and says so. */
const guide = docBlocksOf({ path, markdown: readFileSync(join(root, path), 'utf8') }).filter(
  ({ use }) => use === 'guide',
);

/** Blocks that are files: their language is followed by a path. */
const files = guide.filter(({ needs }) => needs !== '');
/** What is typed, with what is printed where that is shown. */
const commands = guide.flatMap(({ language, line, text, output }): [string, string, string | undefined][] =>
  language === 'sh' ? [[`line ${line}`, text, output]] : [],
);

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
    'test/board.ts',
    'test/try.ts',
    'test/conformance.test.ts',
    'test/mistake.ts',
  ]);
  expect(commands.length).toBeGreaterThanOrEqual(4);
  expect(guide.filter(({ language, needs }) => ['ts', 'js', 'json'].includes(language) && needs === '')).toEqual([]);
});

test.each(commands)('%s does what the guide says', (_, text, output) => {
  const printed = runTool('sh', ['-c', `${PRELUDE}${text}`], folder);
  if (output !== undefined) expect(printed).toBe(output);
});

test('its files are those that create-iommu-driver writes for it, but for what every package has and the mistake', () => {
  const created = packageFiles(driverNames('toy'), {});
  const shown = new Map(files.map(({ needs, text }) => [needs, text]));
  expect(Object.fromEntries(shown)).toEqual({
    ...Object.fromEntries(
      [...created].filter(([path]) => !/^(?:README\.md|LICENSE|\.gitignore|\.github\/.*)$/.test(path)),
    ),
    'test/mistake.ts': expect.any(String),
  });
});

test('it depends on what it imports: a driver on what drivers may know, its tests on what is for development', () => {
  const { dependencies, devDependencies } = JSON.parse(files[0]!.text) as Record<string, Record<string, string>>;
  const imported = (folder: string): string[] =>
    files
      .filter(({ needs }) => needs.startsWith(folder))
      .flatMap(({ text }) => [...text.matchAll(/from '(@[^/']+\/[^/']+)/g)].map(([, name = '']) => name));
  expect([...new Set(imported('src/'))].sort()).toEqual(Object.keys(dependencies!));
  const declared = Object.keys({ ...dependencies, ...devDependencies });
  expect(imported('test/').filter((name) => !declared.includes(name))).toEqual([]);
});
