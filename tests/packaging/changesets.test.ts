import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from '../support/command.js';
import { runTool } from '../support/packed.js';

let folder: string;

const write = (files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
};
const git = (...args: string[]): string =>
  runTool('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.org', ...args], folder);
const commit = (files: Readonly<Record<string, string>>): void => {
  write(files);
  git('add', '--all');
  git('commit', '--quiet', '--message', 'change');
};
const manifest = (name: string, more = {}): string => JSON.stringify({ name, version: '1.0.0', ...more });

const check = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/changesets.mjs'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, text: stdout + stderr };
};

/** A checkout with packages `one` and `two`, and a branch off main. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iommu-changesets-'));
  git('init', '--quiet', '--initial-branch=main');
  commit({
    'package.json': manifest('all', { private: true }),
    'pnpm-workspace.yaml': 'packages: [packages/*]\n',
    '.changeset/config.json': '{}',
    '.changeset/released-before.md': '---\n"one": minor\n---\n\nOf another change.\n',
    'packages/one/package.json': manifest('one'),
    'packages/two/package.json': manifest('two'),
    'packages/three/package.json': manifest('three', { private: true }),
  });
  git('checkout', '--quiet', '-b', 'branch');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a changed source needs a changeset that names its package', () => {
  commit({ 'packages/one/src/a.ts': 'export {};\n', 'packages/two/src/a.ts': 'export {};\n' });
  expect(check('main')).toEqual({ status: 1, text: expect.stringContaining('named by no changeset: one, two\n') });
  commit({ '.changeset/first.md': '---\n"one": patch\n---\n\nA change.\n' });
  expect(check('main')).toEqual({ status: 1, text: expect.stringContaining('named by no changeset: two\n') });
  commit({ '.changeset/second.md': '---\n"two": minor\n---\n\nAnother.\n' });
  expect(check('main')).toEqual({ status: 0, text: '2 packages changed since main, each named by a changeset\n' });
});

test('so does what a package writes for others', () => {
  commit({ 'packages/two/template/src/a.ts': 'export {};\n' });
  expect(check('main')).toEqual({ status: 1, text: expect.stringContaining('named by no changeset: two\n') });
});

test('what is not published with a package needs none', () => {
  commit({
    'packages/one/test/a.test.ts': 'export {};\n',
    'packages/one/README.md': '# one\n',
    'packages/three/src/a.ts': 'export {};\n',
    'src/a.ts': 'export {};\n',
  });
  expect(check('main')).toEqual({ status: 0, text: '0 packages changed since main, each named by a changeset\n' });
});

test('what main changed meanwhile is not asked of the branch', () => {
  git('checkout', '--quiet', 'main');
  commit({ 'packages/two/src/a.ts': 'export {};\n' });
  git('checkout', '--quiet', 'branch');
  expect(check('main').status).toBe(0);
});

test('without something to compare with it says how to call it', () => {
  expect(check()).toEqual({ status: 2, text: expect.stringContaining('usage: node scripts/changesets.mjs REF') });
});
