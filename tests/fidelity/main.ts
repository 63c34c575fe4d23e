/*
 * pnpm fidelity DIR [--json|--markdown|--summary] [--vendor Intel]: score a folder of dumps against the groups that their kernels
 * formed.
 */
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { dumpsIn } from '@iommu/host';
import { asMarkdown, asSummary, asText } from './report.js';
import { type Score, score } from './score.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    markdown: { type: 'boolean' },
    summary: { type: 'boolean' },
    vendor: { type: 'string' },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error('usage: pnpm fidelity DIR [--json|--markdown|--summary] [--vendor Intel|AMD|Arm]');
  process.exit(2);
}

const scores: Score[] = [];
for (const path of dumpsIn(folder).filter((name) => !name.endsWith('.json'))) {
  const one = await score(path, relative(folder, path));
  if (values.vendor === undefined || one.vendor === values.vendor) scores.push(one);
}

if (values.json) console.log(JSON.stringify(scores, null, 2));
else if (values.summary) console.log(asSummary(scores));
else console.log(values.markdown ? asMarkdown(scores) : asText(scores));
process.exitCode = scores.some(({ outcome }) => outcome === 'unexplained') ? 1 : 0;
