import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/*
 * The tests that mutants of a package are tried on: its own. What only a recording of a whole machine notices has no test
 * that names the rule.
 */

const root = import.meta.dirname;

/** The package that is mutated. */
const mutated = process.env['IOMMU_MUTATE'] ?? '';

/** What of a manifest's `exports` counts here. */
type Exports = Readonly<Record<string, string | { readonly '@iommu/source'?: string }>>;

/**
 * Every package by its name, as the source beside this file. The links of node_modules would not do: in the copy of the
 * checkout that mutants are put into they still lead to the checkout, where no code is mutated.
 */
const sources = readdirSync(join(root, 'packages')).flatMap((folder) => {
  const manifest = readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8');
  const { name, exports = {} } = JSON.parse(manifest) as { name: string; exports?: Exports };
  return Object.entries(exports).flatMap(([path, target]) => {
    const source = typeof target === 'string' ? undefined : target['@iommu/source'];
    return source === undefined
      ? []
      : [{ find: new RegExp(`^${join(name, path)}$`), replacement: join(root, 'packages', folder, source) }];
  });
});

export default defineConfig({
  resolve: { alias: sources },
  test: {
    include: [`packages/${mutated}/test/**/*.test.ts`],
    setupFiles: ['tests/setup/seed.ts', 'tests/setup/mutants.ts'],
    // The same random machines for every mutant, and few of them.
    env: { IOMMU_TEST_SEED: '1', IOMMU_TEST_SHARE: '0.1' },
    isolate: false,
    testTimeout: 60_000,
  },
});
