// `node scripts/changesets.mjs REF`: every package whose sources changed since REF is named by a changeset that was
// written since. Run it in a git checkout with its packages installed.
import { getChangedPackagesSinceRef } from '@changesets/git';
import readChangesets from '@changesets/read';

const [ref, ...rest] = process.argv.slice(2);
if (ref === undefined || rest.length > 0) {
  console.error(
    'usage: node scripts/changesets.mjs REF   (a commit or branch: what was released, or what is merged into)',
  );
  process.exit(2);
}
const cwd = process.cwd();
const changed = await getChangedPackagesSinceRef({
  cwd,
  ref,
  changedFilePatterns: ['src/**', 'Documentation/**', 'template/**'],
});
const released = changed
  .filter(({ packageJson }) => packageJson.private !== true)
  .map(({ packageJson }) => packageJson.name);
const named = new Set((await readChangesets(cwd, ref)).flatMap(({ releases }) => releases.map(({ name }) => name)));
const missing = released.filter((name) => !named.has(name)).sort();

if (missing.length > 0) {
  console.error(`changed since ${ref}, and named by no changeset: ${missing.join(', ')}`);
  console.error('npx changeset writes one: what a user of the package notices, and whether it breaks something.');
  process.exit(1);
}
console.log(`${released.length} packages changed since ${ref}, each named by a changeset`);
