import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/command.js';
import { codeBlocks } from '../support/markdown.js';
import { runTool } from '../support/packed.js';
import { expectParts } from '../support/shown.js';

const folder = join(root, 'examples');
const examples = readdirSync(folder).filter((name) => existsSync(join(folder, name, `${name}.mjs`)));

const blocksOf = (path: string) => codeBlocks(readFileSync(join(root, path), 'utf8'), 'sh');

describe.each(examples)('examples/%s', (name) => {
  // tests/docs/shell.test.ts runs it.
  test('its README shows how it is started, and what it prints', () => {
    const [command, output] = blocksOf(`examples/${name}/README.md`);
    expect(command?.text).toBe(`node ${name}.mjs\n`);
    expect(output?.language).toBe('');
  });
});

test('`npm start` prints what the root README shows', () => {
  const [command, output] = blocksOf('README.md');
  expect(command?.text).toMatch(/^npm start /);
  // The script that `npm start` names runs this once everything is installed and built.
  expect(readFileSync(join(root, 'scripts/start.mjs'), 'utf8')).toContain('examples/first-look/first-look.mjs');
  expectParts(runTool(process.execPath, [join(folder, 'first-look/first-look.mjs')]), output?.text ?? '');
});

test('every example is a folder with a program and a README', () => {
  const folders = readdirSync(folder).filter((name) => !name.startsWith('.') && !name.startsWith('iommu-driver-'));
  expect(folders.filter((name) => !examples.includes(name))).toEqual([]);
});
