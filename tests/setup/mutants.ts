import { afterAll, afterEach } from 'vitest';

/*
 * Stryker takes each test file for a process of its own. Here all of them run in one, which is many times faster.
 */

/** How often each mutant was reached, and by which test; kept by the mutated modules while the process lives. */
interface Coverage {
  static: Record<string, number>;
  perTest: Record<string, Record<string, number>>;
}

interface Shared {
  __stryker__?: { mutantCoverage?: Coverage };
  reached?: Coverage | undefined;
  testFailed?: boolean;
}

const shared = globalThis as typeof globalThis & Shared;
const stryker = shared.__stryker__;

// `bail` skips the tests of files that follow, but loads them, which takes longer than most tests.
if (shared.testFailed) throw new Error('an earlier test has failed');

afterEach(({ task }) => {
  if (task.result?.state === 'fail') shared.testFailed = true;
});

// Each file tells what itself reached, not what those before it did too: loops without end are told by these counts.
if (stryker && shared.reached) stryker.mutantCoverage = shared.reached;

afterAll(() => {
  shared.reached ??= stryker?.mutantCoverage;
  if (!stryker || !shared.reached) return;
  stryker.mutantCoverage = { ...shared.reached };
  shared.reached.static = {};
  shared.reached.perTest = {};
});
