import { expect, test, vi } from 'vitest';
import { resolveKernel } from '../src/kernel.js';
import type { KernelRule } from '../src/kernel-rules.js';

/** In place of the real table: one rule for each thing that a change can touch, all found somewhere between two releases. */
vi.mock('../src/kernel-rules.js', () => {
  const row = (touches: KernelRule['touches'], rest: Partial<KernelRule>): KernelRule => ({
    rule: `about-${touches}`,
    touches,
    value: 'old',
    proof: 'recorded',
    effect: 'Something.',
    source: 'the test',
    ...rest,
  });
  const KERNEL_RULES: readonly KernelRule[] = [
    row('partition', { until: '6.5', unresolved: ['6.1', '6.12'] }),
    row('type', { from: '5.5', value: 'new', unresolved: ['5.1', '5.12'] }),
    row('writes', { until: '6.5', unresolved: ['6.1', '6.12'] }),
    row('files', { until: '6.5', unresolved: ['6.1', '6.12'] }),
    row('ids', { until: '6.5' }),
    { ...row('ids', { until: '6.5', unresolved: ['6.1', '6.12'], onlyIfAsked: true }), rule: 'about-few' },
  ];
  return { KERNEL_RULES };
});

const doubts = (release?: string) =>
  resolveKernel(release === undefined ? {} : { release }).diagnostics.map(({ code, message }) => [code, message]);

test.each([
  ['6.2', 'about-partition changed between 6.1 and 6.12; 6.2 is answered as before the change'],
  ['6.4', 'about-partition changed between 6.1 and 6.12; 6.4 is answered as before the change'],
  ['6.5', 'about-partition changed between 6.1 and 6.12; 6.5 is answered as after the change'],
  ['6.11', 'about-partition changed between 6.1 and 6.12; 6.11 is answered as after the change'],
  ['5.4', 'about-type changed between 5.1 and 5.12; 5.4 is answered as before the change'],
  ['5.6', 'about-type changed between 5.1 and 5.12; 5.6 is answered as after the change'],
])('says that release %s lies inside the interval of a rule', (release, message) => {
  expect(doubts(release)).toEqual([['kernel-unresolved', message]]);
});

test.each(['6.1', '6.12', '6.1.0-56-amd64', '7.0', '5.0'])(
  'says nothing of release %s, outside of every interval',
  (release) => {
    expect(doubts(release)).toEqual([]);
  },
);

test('says of an input without a kernel that the newest rules are used', () => {
  expect(doubts()).toEqual([['kernel-unknown', 'the input does not name its kernel; the newest rules are used']]);
});

test('says of a release without a version that the newest rules are used', () => {
  expect(doubts('next-20250101')).toEqual([
    ['kernel-unknown', "'next-20250101' does not start with a version; the newest rules are used"],
  ]);
});

test("says of a vendor's kernel that it carries later changes", () => {
  expect(doubts('4.18.0-477.el8.x86_64')).toEqual([
    ['kernel-vendor', '4.18.0-477.el8.x86_64 carries changes of later releases; it is answered as 4.18'],
  ]);
});

test('says all that is in doubt', () => {
  expect(doubts('6.4.0-1.el10.x86_64').map(([code]) => code)).toEqual(['kernel-unresolved', 'kernel-vendor']);
});

test('says of a rule that concerns few machines only when it was asked for', () => {
  const kernel = resolveKernel({ release: '6.4' });
  expect(kernel.doubtsOfAsked()).toEqual([]);
  kernel.rule('about-few');
  expect(kernel.doubtsOfAsked().map(({ message }) => message)).toEqual([
    'about-few changed between 6.1 and 6.12; 6.4 is answered as before the change',
  ]);
  const unknown = resolveKernel();
  unknown.rule('about-few');
  expect(unknown.doubtsOfAsked()).toEqual([]);
});

test('supposes, and says that it does', () => {
  expect(resolveKernel().diagnostics.map(({ severity }) => severity)).toEqual(['assumed']);
});
