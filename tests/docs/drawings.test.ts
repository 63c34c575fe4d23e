import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/command.js';
import { docBlocks } from '../support/doc-blocks.js';
import { drawn } from '../support/mermaid.js';
import { needsProgram } from '../support/needs.js';

const drawings = docBlocks().filter(({ use }) => use === 'drawing');

test.for(drawings.map(({ name, text }) => [name, text] as const))('Mermaid draws %s', ([, text], context) => {
  needsProgram(context, 'chromium-headless-shell');
  const { nodes, edges } = drawn(text);
  expect(nodes.length).toBeGreaterThan(2);
  expect(edges).toBeGreaterThan(2);
});

test('the drawing of the packages has all of them', () => {
  const [architecture] = drawings.filter(({ path }) => path === 'docs/architecture.md');
  const names = new Set(architecture?.text.match(/[a-z][a-z-]+/g));
  expect(readdirSync(join(root, 'packages')).filter((name) => !names.has(name))).toEqual([]);
});
