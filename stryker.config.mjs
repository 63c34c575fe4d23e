/*
 * Mutation testing of one package, which `npm run mutation` names. What the score says, and which mutants live on:
 * docs/mutation.md.
 */

/** What is mutated: patterns below `packages/NAME/src`. A file that is left out decides nothing about groups. */
export const mutated = {
  core: ['**'],
  // The rows of quirks are data: a test could but write them out once more. Each has its proof beside it.
  pci: ['**', '!quirks/acs-quirk-rows.ts', '!quirks/dma-alias-rows.ts'],
  // What writes tables, for tests and for hardware that was moved; files below /sys; memory that devices must reach.
  'driver-amd-vi': ['**', '!{write,rewrite,relocate}*.ts', '!attributes.ts', '!reserved.ts'],
  'driver-intel-vtd': ['**', '!{write,relocate}*.ts', '!reserved.ts'],
  'driver-smmu': ['**', '!write*.ts', '!reserved.ts', '!iort/{relocate,reserved-memory,madt-its}.ts'],
};

const name = process.env.IOMMU_MUTATE ?? '';
const mutate = (mutated[name] ?? []).map((pattern) => pattern.replace(/^(!?)(.*)$/, `$1packages/${name}/src/$2`));

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
  // On top of what the tests took at first: a machine may be busy with other things.
  timeoutMS: 20_000,
  tempDirName: '.stryker',
  ignorePatterns: ['/{bench,docs,examples,scripts}', '/packages/*/{api,dist}', '/reports', '/.stryker*'],

  // A further run tries what changed since the last.
  incremental: true,
  incrementalFile: `reports/mutation/${name}.incremental.json`,
  reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
  clearTextReporter: {
    allowColor: false,
    logTests: false,
    reportTests: false,
    reportMutants: false,
    reportScoreTable: true,
  },
  jsonReporter: { fileName: `reports/mutation/${name}.json` },
  htmlReporter: { fileName: `reports/mutation/${name}.html` },
  thresholds: { high: 95, low: 85, break: 85 },
};
