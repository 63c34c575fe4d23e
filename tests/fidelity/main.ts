/*
 * pnpm fidelity DIR [--json] [--vendor Intel]: score a folder of dumps against the groups that their kernels formed.
 */
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { dumpsIn, type Outcome, type Score, score } from './score.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, vendor: { type: 'string' } },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error('usage: pnpm fidelity DIR [--json] [--vendor Intel|AMD|Arm]');
  process.exit(2);
}

const scores: Score[] = [];
for (const path of dumpsIn(folder)) {
  const one = await score(path, relative(folder, path));
  if (values.vendor === undefined || one.vendor === values.vendor) scores.push(one);
}

const count = (outcome: Outcome): number => scores.filter((one) => one.outcome === outcome).length;

if (values.json) console.log(JSON.stringify(scores, null, 2));
else {
  const width = Math.max(4, ...scores.map(({ name }) => name.length));
  for (const { name, vendor, functions, groups, outcome, ids, remark } of scores) {
    const columns = [
      name.padEnd(width),
      vendor.padEnd(6),
      String(functions).padStart(5),
      String(groups).padStart(5),
      outcome.padEnd(11),
      ids.padEnd(8),
      remark,
    ];
    console.log(columns.join('  ').trimEnd());
  }
  for (const { name, differing } of scores.filter(({ outcome }) => outcome === 'unexplained')) {
    console.log(`\nunexplained: ${name}`);
    for (const line of differing.slice(0, 8)) console.log(`  ${line}`);
  }
  const judged = scores.length - count('unjudged');
  console.log(
    `\n${scores.length} dumps, ${judged} with groups to compare: ${count('equal')} equal, ${count('evidence')} different with evidence, ` +
      `${count('unexplained')} unexplained, ${count('unknown')} unknown; ${count('unjudged')} not judged`,
  );
}
process.exitCode = count('unexplained') === 0 ? 0 : 1;
