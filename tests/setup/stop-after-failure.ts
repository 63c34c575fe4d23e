import { afterEach } from 'vitest';

/*
 * With all files in one process, `bail` skips the tests of those that follow, but still loads them, which for recordings
 * takes longer than all else. A mutant is dead by its first failing test.
 */

const process = globalThis as typeof globalThis & { testFailed?: boolean };

if (process.testFailed) throw new Error('an earlier test has failed');

afterEach(({ task }) => {
  if (task.result?.state === 'fail') process.testFailed = true;
});
