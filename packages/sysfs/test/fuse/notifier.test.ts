import { constants } from 'node:os';
import { expect, test, vi } from 'vitest';
import { Notifier } from '../../src/fuse/notifier.js';

const { ENOENT, ENOTEMPTY } = constants.errno;

const note = (code: number) => ({ bytes: Uint8Array.of(code) });

/** A kernel that takes in what it is told when it is let, and answers with an errno. */
const slowKernel = (errnoOf: (code: number) => number = () => 0) => {
  const heard: number[] = [];
  const held: (() => void)[] = [];
  const notifier = new Notifier((bytes) => {
    const [code = 0] = bytes;
    heard.push(code);
    return new Promise((resolve) => held.push(() => resolve(errnoOf(code))));
  });
  /** Let it take in one thing, and go on to the next. */
  const step = async () => {
    held.shift()?.();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { notifier, heard, step };
};

test('one thing is told after another, in order', async () => {
  const { notifier, heard, step } = slowKernel();
  notifier.push([note(1), note(2)]);
  notifier.push([note(3)]);
  expect(heard).toEqual([1]);
  await step();
  expect(heard).toEqual([1, 2]);
  await step();
  await step();
  expect(heard).toEqual([1, 2, 3]);
});

test('delivered is what was queued until the question, not what comes later', async () => {
  const { notifier, step } = slowKernel();
  notifier.push([note(1)]);
  let isDelivered = false;
  void notifier.delivered().then(() => {
    isDelivered = true;
  });
  notifier.push([note(2)]);
  expect(isDelivered).toBe(false);
  await step();
  expect(isDelivered).toBe(true);
});

test('with nothing queued all is delivered', async () => {
  const { notifier } = slowKernel();
  await notifier.delivered();
  expect(notifier.queued).toBe(0);
});

test('what the kernel does not know is no reason to stop', async () => {
  const { notifier, heard, step } = slowKernel(() => ENOENT);
  notifier.push([note(1), note(2)]);
  await step();
  await step();
  await notifier.delivered();
  expect(heard).toEqual([1, 2]);
});

test('where the kernel cannot do it at once, what is below is told next, before anything else', async () => {
  const { notifier, heard, step } = slowKernel((code) => (code === 1 ? ENOTEMPTY : 0));
  notifier.push([{ ...note(1), otherwise: () => [note(11), note(12)] }, note(2)]);
  for (let turn = 0; turn < 4; turn++) await step();
  expect(heard).toEqual([1, 11, 12, 2]);
  await notifier.delivered();
});

test('what may be on its way to the kernel is told once more, a moment later, if the kernel did not know it', async () => {
  vi.useFakeTimers();
  try {
    const { notifier, heard, step } = slowKernel((code) => (code < 10 ? ENOENT : 0));
    notifier.push([{ ...note(1), isFresh: true }, note(2), { ...note(11), isFresh: true }]);
    for (let turn = 0; turn < 3; turn++) await step();
    await notifier.delivered();
    expect(heard).toEqual([1, 2, 11]);
    vi.advanceTimersByTime(1000);
    await step();
    expect(heard).toEqual([1, 2, 11, 1]);
    vi.advanceTimersByTime(1000);
    expect(heard).toHaveLength(4);
  } finally {
    vi.useRealTimers();
  }
});

test('what comes while the queue is worked off is not lost', async () => {
  const { notifier, heard, step } = slowKernel();
  for (let code = 1; code <= 50; code++) {
    notifier.push([note(code)]);
    if (code % 3 === 0) await step();
  }
  while (heard.length < 50) await step();
  await step();
  await notifier.delivered();
  expect(heard).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
});
