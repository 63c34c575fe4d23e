import { expect, test } from 'vitest';
import { docBlocks } from '../support/doc-blocks.js';

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
