/*
 * Mutation testing: `npm run mutation`, or `IOMMU_MUTATE=core,driver-smmu npm run mutation` for some packages. What the
 * score says and which mutants live on: docs/mutation.md.
 */

/** What is mutated of each package; patterns after `src/`. A file that is not mutated decides nothing about groups. */
const packages = {
  core: ['**'],
  // The rows of quirks are data: a test could but write them out once more. Each has its proof beside it.
  pci: ['**', '!quirks/acs-quirk-rows.ts', '!quirks/dma-alias-rows.ts'],
  // What writes tables, for tests and for hardware that was moved; files below /sys; memory that devices must reach.
  'driver-amd-vi': ['**', '!{write,rewrite,relocate}*.ts', '!attributes.ts', '!reserved.ts'],
  'driver-intel-vtd': ['**', '!{write,relocate}*.ts', '!reserved.ts'],
  'driver-smmu': ['**', '!write*.ts', '!iort/relocate.ts', '!reserved.ts', '!iort/reserved-memory.ts'],
};

const chosen = process.env.IOMMU_MUTATE?.split(',') ?? Object.keys(packages);
const mutate = chosen.flatMap((name) => {
  const patterns = packages[name];
  if (!patterns) throw new Error(`IOMMU_MUTATE: no '${name}'; there are ${Object.keys(packages).join(', ')}`);
  return patterns.map((pattern) => pattern.replace(/^(!?)(.*)$/, `$1packages/${name}/src/$2`));
});

/** Words with blanks between them are a sentence for people. Codes, names and words of the kernel are mutated. */
const isSentence = (text) => /[a-z]/i.test(text) && text.includes(' ');

const sentences = {
  shouldIgnore({ node }) {
    const texts =
      { StringLiteral: [node.value], TemplateLiteral: node.quasis?.map(({ value }) => value.raw) }[node.type] ?? [];
    return texts.some(isSentence) ? 'a sentence for people' : undefined;
  },
};

export const strykerPlugins = [{ kind: 'Ignore', name: 'sentences', value: sentences }];

export default {
  mutate,
  plugins: ['@stryker-mutator/vitest-runner', './stryker.config.mjs'],
  ignorers: ['sentences'],
  // What runs once when a module is loaded; each would need all tests to run.
  ignoreStatic: true,

  testRunner: 'vitest',
  // Not by imports (`related`): which tests reach a mutant is measured.
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // A loop without end is found by how often a mutant is reached; this is for a busy machine.
  timeoutMS: 120_000,
  tempDirName: '.stryker',
  ignorePatterns: ['/{bench,docs,examples,scripts}', '/packages/*/{api,dist}', '/reports'],

  incremental: true,
  reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
  clearTextReporter: {
    allowColor: false,
    logTests: false,
    reportTests: false,
    reportMutants: false,
    reportScoreTable: true,
  },
  jsonReporter: { fileName: 'reports/mutation/mutation.json' },
  thresholds: { high: 95, low: 85, break: 85 },
};
