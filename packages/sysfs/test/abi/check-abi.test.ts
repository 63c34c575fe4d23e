import { expect, test } from 'vitest';
import { checkAbi } from '../../src/abi/check-abi.js';

const ONE = 'What: /sys/a\nContact: somebody\nDescription: x\n';

const messages = (documents: Readonly<Record<string, string>>) =>
  checkAbi(Object.entries(documents).map(([file, text]) => ({ file, text }))).map(
    ({ file, line, message }) => `${file}:${line}: ${message}`,
  );

test.each([
  ['nothing', { 'testing/one': ONE, 'stable/two': ONE.replace('/a', '/b') }, []],
  [
    'a path in two documents',
    { 'testing/one': ONE, 'removed/two': ONE },
    ['removed/two:1: /sys/a is documented in testing/one:1 too'],
  ],
  [
    'a path twice in one document',
    { 'testing/one': `${ONE}\n${ONE}` },
    ['testing/one:5: /sys/a is documented in testing/one:1 too'],
  ],
  [
    'a path twice in one entry',
    { 'testing/one': `What: /sys/a\n${ONE}` },
    ['testing/one:1: /sys/a is documented in testing/one:1 too'],
  ],
  [
    'an entry that nobody answers for',
    { 'testing/one': 'What: /sys/a\nDescription: x\n' },
    ['testing/one:1: /sys/a has no Contact'],
  ],
  [
    'a path that is none of sysfs',
    { 'testing/one': ONE.replace('/sys', '/proc') },
    ['testing/one:1: /proc/a is no path of sysfs'],
  ],
  [
    'an unknown variable',
    { 'testing/one': ONE.replace('/a', '/<b>') },
    ['testing/one:1: /sys/<b>: no variable is called <b>'],
  ],
  ['an empty What', { 'testing/one': ONE.replace('/sys/a', '') }, ['testing/one:1: an empty What']],
  ['a folder that is no level', { 'new/one': ONE }, ['new/one:1: in no folder of a level']],
  [
    'what the parser finds',
    { 'testing/one': 'What: /sys/a\nContact: somebody\n' },
    ['testing/one:1: /sys/a has no Description'],
  ],
])('finds %s', (_title, documents, expected) => {
  expect(messages(documents)).toEqual(expected);
});
