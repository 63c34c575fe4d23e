/*
 * What the texts have their readers type that needs a registry: it is typed so, in folders of their own, to a registry that
 * has everything at its first version.
 */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocBlock, docBlocks, docBlocksOf } from '../support/doc-blocks.js';
import { mayEndWith, Reader, typedLines } from '../support/reader.js';
import { downloads, rehearsal } from '../support/registry/rehearsal.js';
import { run } from '../support/registry/run.js';
import { type Registry, startRegistry } from '../support/registry/start-registry.js';

const PATIENCE_MS = 240_000;
const GUIDE = 'docs/writing-a-driver.md';

const mine = docBlocks().filter(({ because, language }) => /\btyped\.test\.ts/.test(because) && language === 'sh');
const [guide, others] = [mine.filter(({ path }) => path === GUIDE), mine.filter(({ path }) => /README/.test(path))];

let folder: string;
let registry: Registry;

/** What was rehearsed stays as it is: this goes on with a copy. */
beforeAll(async () => {
  const rehearsed = await rehearsal();
  folder = mkdtempSync(join(tmpdir(), 'iommu-typed-'));
  cpSync(rehearsed.registry, join(folder, 'registry'), { recursive: true });
  registry = await startRegistry(join(folder, 'registry'), downloads);
}, PATIENCE_MS);

afterAll(async () => {
  await registry?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** A reader whose npm knows this registry, and installs programs for all in a folder of its own. */
const readerWithNpm = async (): Promise<Reader> => {
  const prefix = mkdtempSync(join(folder, 'prefix-'));
  const reader = await Reader.arrive({
    ...registry.env,
    npm_config_prefix: prefix,
    // What is typed here is no part of the test run.
    NODE_ENV: '',
    VITEST: '',
    FORCE_COLOR: '0',
    PATH: join(prefix, 'bin'),
  });
  writeFileSync(join(reader.folder, 'package.json'), JSON.stringify({ name: 'project', private: true }));
  return reader;
};

/** Type the lines of a block. @returns Where the reader is then. */
const typeBlock = async (reader: Reader, { text }: DocBlock, cwd: string): Promise<string> => {
  let place = cwd;
  for (const line of typedLines(text)) {
    const [, into] = /^cd (\S+)$/.exec(line) ?? [];
    if (into !== undefined) {
      place = join(place, into);
      continue;
    }
    const { status, stdout, stderr } = await reader.type(line, place);
    expect(mayEndWith(line, false), `${line}\n${stdout}${stderr}`).toContain(status);
  }
  return place;
};

const blockWith = (blocks: readonly DocBlock[], words: string): DocBlock => {
  const found = blocks.filter(({ text }) => text.includes(words));
  expect(found, words).toHaveLength(1);
  return found[0]!;
};

test('there are such texts', () => {
  expect(others.length).toBeGreaterThanOrEqual(5);
  expect(guide.length).toBeGreaterThanOrEqual(4);
});

describe.each(others.filter(({ path }) => !path.includes('/template/')))('$name', (block) => {
  test('does what it says', { timeout: PATIENCE_MS }, async () => {
    const reader = await readerWithNpm();
    await typeBlock(reader, block, reader.folder);
    const [, flag, installed] = /^npm install (?:--(global|save-dev) )?(@?\w\S*)/m.exec(block.text) ?? [];
    if (flag === 'global') {
      expect((await reader.type('command -v iommu')).stdout).toMatch(join(folder, 'prefix-'));
    } else if (installed !== undefined) {
      expect(existsSync(join(reader.folder, 'node_modules', installed))).toBe(true);
    }
  });
});

test('a driver is created, tried, published, used by others and released as guide and README say', {
  timeout: PATIENCE_MS,
}, async () => {
  const author = await readerWithNpm();
  const place = await typeBlock(author, blockWith(guide, 'npm create'), author.folder);
  expect(place).toBe(join(author.folder, 'iommu-driver-toy'));
  const readme = docBlocksOf({ path: 'README.md', markdown: readFileSync(join(place, 'README.md'), 'utf8') });

  // The board, once it is written, stands in for the capture of a machine that has the hardware.
  symlinkSync('board.json', join(place, 'CAPTURE'));
  await typeBlock(author, blockWith(readme, 'npm run try'), place);
  await typeBlock(author, blockWith(guide, 'npm install --global'), place);
  expect((await author.type('iommu groups --help', place)).status).toBe(0);
  await typeBlock(author, blockWith(guide, 'npm publish'), place);

  const user = await readerWithNpm();
  copyFileSync(join(place, 'board.json'), join(user.folder, 'my-machine.json'));
  await typeBlock(user, blockWith(readme, 'my-machine.json'), user.folder);
  expect(existsSync(join(user.folder, 'node_modules/iommu-driver-toy'))).toBe(true);

  const remote = join(folder, 'remote.git');
  await run('git', ['init', '--quiet', '--bare', remote], folder);

  for (const words of [
    ['init', '--quiet', '--initial-branch=main'],
    ['config', 'user.name', 'author'],
    ['config', 'user.email', 'author@example.org'],
    ['config', 'push.autoSetupRemote', 'true'],
    ['remote', 'add', 'origin', remote],
    ['add', '--all'],
    ['commit', '--quiet', '--message', 'A driver'],
  ]) {
    await run('git', words, place);
  }
  const release = blockWith(guide, 'git push');
  expect(blockWith(readme, 'git push').text).toBe(release.text);
  await typeBlock(author, release, place);
  expect((await run('git', ['tag'], remote)).trim()).toBe('v0.2.0');
});
