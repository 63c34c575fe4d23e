import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/command.js';
import { docBlocks } from '../support/doc-blocks.js';
import { needsFuse, needsNamespaces } from '../support/needs.js';
import { runTool } from '../support/packed.js';
import { programsOf } from '../support/samples.js';
import { typeErrors } from '../support/type-check.js';

const programs = programsOf(docBlocks()).map((program) => ({
  ...program,
  // Beside this file, from where the workspace's packages can be imported.
  file: join(root, 'tests/docs', `.sample-${program.name.replace(/\W+/g, '-')}.mjs`),
}));

beforeAll(() => {
  for (const { file, code } of programs) writeFileSync(file, code);
});
afterAll(() => {
  for (const { file } of programs) rmSync(file, { force: true });
});

test('every program fits the types that the packages publish', () => {
  expect(typeErrors(programs.map(({ file }) => file))).toEqual([]);
});

describe.each(programs)('$name', ({ file, needs, output }) => {
  test('prints what the text shows', (context) => {
    if (needs === 'fuse') needsFuse(context);
    if (needs === 'namespaces') needsNamespaces(context);
    const printed = runTool(process.execPath, [file]);
    if (output !== undefined) expect(printed).toBe(output);
  });
});

test('there is a program in every package README but those of the commands', () => {
  const readmes = docBlocks().filter(({ path }) => /^packages\/(?!cli\/|create-iommu-driver\/)/.test(path));
  const without = new Set(readmes.map(({ path }) => path));
  for (const { path } of programs) without.delete(path);
  expect([...without]).toEqual([]);
});
