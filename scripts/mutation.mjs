// Mutation testing, one package after the other: each is held by tests of its own.
//
//   node scripts/mutation.mjs [PACKAGE…] [-- OPTION OF STRYKER…]     1 if the score of any is too low
import { mutated } from '../stryker.config.mjs';
import { install, run } from './workspace.mjs';

const words = process.argv.slice(2);
const end = words.includes('--') ? words.indexOf('--') : words.length;
const names = end > 0 ? words.slice(0, end) : Object.keys(mutated);
const unknown = names.find((name) => !(name in mutated));
if (unknown !== undefined) {
  console.error(`no '${unknown}' is mutated; there are ${Object.keys(mutated).join(', ')}`);
  process.exit(2);
}

install();
let status = 0;
for (const name of names) {
  console.log(`\n${name}`);
  if (run('stryker', ['run', ...words.slice(end + 1)], { env: { IOMMU_MUTATE: name } }) !== 0) status = 1;
}
process.exit(status);
