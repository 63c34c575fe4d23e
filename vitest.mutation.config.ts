import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/*
 * The tests that mutants are tried on: those that run in the process and need no other program.
 */

const root = import.meta.dirname;

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

/** Tests of the lower layers first, and recordings, which take longest, last. */
const ORDER = [/packages\/core/, /packages\/pci/, /packages\/driver/, /packages\/machine/, /tests\/recordings/];

/** The first test that fails ends a mutant's run, and most mutants die of a test of their own package. */
class OwnTestsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => ORDER.findIndex((part) => part.test(moduleId));
    return [...files].sort((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  resolve: { alias: sources },
  test: {
    include: [
      'packages/{core,pci,driver-amd-vi,driver-intel-vtd,driver-smmu,machine}/test/**/*.test.ts',
      'tests/recordings/*.test.ts',
    ],
    exclude: [
      // Puts a module in place of another, which holds for all tests of a process.
      'packages/machine/test/kernel-doubts.test.ts',
      // Needs the driver of another author, from a registry.
      'tests/recordings/virtio.test.ts',
    ],
    setupFiles: ['tests/setup/seed.ts', 'tests/setup/stop-after-failure.ts'],
    // The same random machines for every mutant.
    env: { IOMMU_TEST_SEED: '1' },
    isolate: false,
    sequence: { sequencer: OwnTestsFirst },
    testTimeout: 60_000,
  },
});
