import type { Reporter, TestModule } from 'vitest/node';

/** Says at the end which tests were skipped and why, and the line that closes a run. */
// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export.
export default class ClosingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const reasons = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const result = test.result();
        counts[result.state] += 1;
        if (result.state !== 'skipped') continue;
        const reason = result.note ?? 'no reason given';
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
      if (module.children.size === 0 && module.errors().length > 0) counts.failed += 1;
    }
    for (const [reason, count] of reasons) console.log(`skipped ${count}: ${reason}`);
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
}
