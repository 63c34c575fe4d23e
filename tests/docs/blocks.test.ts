import { expect, test } from 'vitest';
import { docBlocks, docBlocksOf } from '../support/doc-blocks.js';

const blocks = docBlocks();

const counted = (words: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
};

test('something is done with every block of code, or it says why nothing is', () => {
  const uses = counted(blocks.map(({ use }) => use));
  console.log(`${blocks.length} blocks of code: ${[...uses].map(([use, count]) => `${count} ${use}`).join(', ')}`);
  const reasons = counted(blocks.flatMap(({ use, because }) => (use === 'not run' ? [because] : [])));
  for (const [because, count] of reasons) console.log(`not run ${count}: ${because}`);
  expect(blocks.length).toBeGreaterThan(100);
  expect(uses.get('not run') ?? 0).toBeLessThanOrEqual(3);
});

const fenced = (language: string, text = 'words', mark = ''): string =>
  `# Title\n\n${mark}\n\`\`\`${language}\n${text}\n\`\`\`\n`;

test.each([
  ['of a language that nothing runs', fenced('python'), "a block of a kind that nothing tests: 'python'"],
  ['without a fence', '# Title\n\n    some words\n', "a block of a kind that nothing tests: 'indented'"],
  ['that nothing prints', fenced(''), 'what no command or program before it prints'],
  [
    'of what a drawing would print',
    `${fenced('mermaid')}\n${fenced('')}`,
    'what no command or program before it prints',
  ],
  ['that a test runs which is not there', fenced('sh', 'npm test', '<!-- run by tests/gone.test.ts -->'), 'no test'],
  [
    'that a test runs which knows nothing of it',
    fenced('sh', 'npm frobnicate', '<!-- run by tests/docs/links.test.ts -->'),
    "do not know 'frobnicate'",
  ],
  ['after a comment that is no mark', fenced('sh', 'ls', '<!-- todo -->'), "the mark 'todo' says nothing"],
  ['that is not run without a reason', fenced('sh', 'ls', '<!-- not run: -->'), 'says nothing'],
])('a block %s is refused', (_, markdown, why) => {
  expect(() => docBlocksOf({ path: 'some.md', markdown })).toThrow(why);
});

test('a comment before a block says what is done with it', () => {
  const markdown = [
    fenced('sh', 'npm start', '<!-- not run: it has no end -->'),
    fenced('sh', 'npm start', '<!-- run by tests/examples/examples.test.ts -->'),
    fenced('', 'words'),
  ].join('\n');
  expect(docBlocksOf({ path: 'some.md', markdown }).map(({ use, because }) => [use, because])).toEqual([
    ['not run', 'it has no end'],
    ['elsewhere', 'tests/examples/examples.test.ts'],
    ['output', ''],
  ]);
});
