import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { endOf, hear, inView, recordedTree, shellInView, startInView, WAYS } from '../support/in-view.js';
import { needsNamespaces } from '../support/needs.js';

const commandOf = (pid: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return undefined;
  }
};

describe.each(WAYS)('for $who', (way) => {
  test('standard input, standard output and the exit status are those of the program', async (context) => {
    needsNamespaces(context, way);
    const child = startInView(await recordedTree(), way, 'read -r x; echo "got $x"; exit 42');
    const end = endOf(child);
    child.stdin?.end('this\n');
    await hear(child, /^got this\n/);
    expect(await end).toEqual([42, null]);
  });

  test('a signal that ends the program is told as a shell tells it', async (context) => {
    needsNamespaces(context, way);
    expect(shellInView(await recordedTree(), way, 'kill -SEGV $$').status).toBe(128 + 11);
  });

  test('a program that is not there is told as a shell tells it', async (context) => {
    needsNamespaces(context, way);
    const { status, stderr } = inView(await recordedTree(), {}, way, ['no-such-program', '-x']);
    expect({ status, stderr }).toEqual({ status: 127, stderr: 'iommu: no-such-program: command not found\n' });
  });

  test.for(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGWINCH'] as const)(
    '%s is handed on to the program',
    async (signal, context) => {
      needsNamespaces(context, way);
      const script = `trap 'exit 7' ${signal.slice(3)}; echo up; while :; do sleep 0.05; done`;
      const child = startInView(await recordedTree(), way, script);
      const end = endOf(child);
      await hear(child, /^up\n/);
      child.kill(signal);
      expect(await end).toEqual([7, null]);
    },
  );

  test('a program does not outlive the process that started it', async (context) => {
    needsNamespaces(context, way);
    const child = startInView(await recordedTree(), way, 'echo "$$ up"; exec sleep 25');
    const pid = Number.parseInt(await hear(child, /^\d+ up\n/), 10);
    const isAsleep = () => commandOf(pid)?.startsWith('sleep') ?? false;
    await expect.poll(isAsleep).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(isAsleep).toBe(false);
  });
});
