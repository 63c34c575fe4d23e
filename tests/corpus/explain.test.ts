import { relative } from 'node:path';
import { dumpsIn, readMachine } from '@iommu/host';
import { expect, test } from 'vitest';
import { confirmPairs } from '../support/explanations.js';
import { needsCorpus } from '../support/needs.js';
import { runs, sampled, sampleOf } from '../support/sweep.js';

test('pairs of real machines hang together, or are kept apart, by what the model says', {
  timeout: 900_000,
}, async (context) => {
  const folder = needsCorpus(context, 'real/lspci-with-groups');
  const dumps = dumpsIn(folder).filter((name) => !name.endsWith('.json'));
  expect(dumps.length).toBeGreaterThan(10);
  for (const path of sampled(dumps, 6)) {
    const { observed: _, ...machine } = await readMachine(path);
    try {
      confirmPairs(machine, (pairs) => sampleOf(pairs, runs(40, 10)));
    } catch (error) {
      throw new Error(relative(folder, path), { cause: error });
    }
  }
});
