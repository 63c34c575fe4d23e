import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/command.js';
import { type CodeBlock, codeBlocks } from '../support/markdown.js';
import { needsFuse } from '../support/needs.js';
import { runTool } from '../support/packed.js';

const markdown = [
  join(root, 'README.md'),
  join(root, 'CONTRIBUTING.md'),
  ...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'README.md')),
  ...readdirSync(join(root, 'docs')).map((name) => join(root, 'docs', name)),
].filter((path) => path.endsWith('.md'));

interface Sample {
  readonly name: string;
  readonly needs: string;
  readonly code: string;
  readonly output: string;
}

/** A program, and the block after it: what it prints. */
const samplesIn = (path: string): Sample[] => {
  const blocks = codeBlocks(readFileSync(path, 'utf8'));
  return blocks.flatMap(({ language, needs, text, line }: CodeBlock, index) => {
    if (language !== 'js') return [];
    const next = blocks[index + 1];
    if (next?.language !== '') throw new Error(`${path}:${line}: a program without its output after it`);
    return [{ name: `${relative(root, path)}:${line}`, needs, code: text, output: next.text }];
  });
};

describe.each(markdown.flatMap(samplesIn))('$name', ({ name, needs, code, output }) => {
  test('prints what the text shows', (context) => {
    if (needs === 'fuse') needsFuse(context);
    // Beside this file, from where the workspace's packages can be imported.
    const file = join(root, 'tests/docs', `.sample-${name.replace(/\W+/g, '-')}.mjs`);
    writeFileSync(file, code);
    try {
      expect(runTool(process.execPath, [file])).toBe(output);
    } finally {
      rmSync(file);
    }
  });
});

test('there are samples in every package README but those of the commands', () => {
  const without = markdown.filter(
    (path) => /\/packages\/(?!(?:cli|create-iommu-driver)\/)/.test(path) && samplesIn(path).length === 0,
  );
  expect(without).toEqual([]);
});
