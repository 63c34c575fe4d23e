import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { dumpsIn } from '@iommu/host';
import { expect, test } from 'vitest';
import { type Score, score } from '../fidelity/score.js';
import { needsCorpus } from '../support/needs.js';

/** Vendors whose driver package is part of the default set. */
const MODELLED = ['Intel', 'AMD'];

const scoresOf = async (folder: string): Promise<Score[]> => {
  const scores: Score[] = [];
  for (const path of dumpsIn(folder).filter((name) => !name.endsWith('.json')))
    scores.push(await score(path, relative(folder, path)));
  return scores;
};

test('real lspci dumps with groups: every difference has a line that shows its cause', async (context) => {
  const folder = needsCorpus(context, 'real/lspci-with-groups');
  expect(existsSync(folder)).toBe(true);
  const scores = await scoresOf(folder);
  const judged = scores.filter(({ vendor, groups }) => MODELLED.includes(vendor) && groups > 0);
  expect(judged.length).toBeGreaterThan(0);
  const wrong = judged.filter(({ outcome }) => outcome !== 'equal' && outcome !== 'evidence');
  expect(wrong.map(({ name, outcome, remark }) => `${name}: ${outcome}, ${remark}`)).toEqual([]);
});

test.for(['group-listings', 'dmesg'])(
  'real %s: nothing in them contradicts the rules without a cause',
  { timeout: 300_000 },
  async (kind, context) => {
    const folder = needsCorpus(context, `real/${kind}`);
    const scores = await scoresOf(folder);
    expect(scores.length).toBeGreaterThan(10);
    const wrong = scores.filter(({ outcome }) => outcome === 'unexplained');
    expect(wrong.map(({ name, remark, differing }) => `${name}: ${remark}: ${differing[0]}`)).toEqual([]);
  },
);
