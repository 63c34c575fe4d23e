import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { endOf, hear, recordedTree, viewCommand, viewOptions, WAYS } from '../support/in-view.js';
import { needsNamespaces, needsProgram } from '../support/needs.js';

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** A script in a view, at a terminal of its own. What is written to it is typed. */
const atTerminal = async (script: string) => {
  const [way] = WAYS;
  if (!way) throw new Error('nobody to be');
  const words = viewCommand(await recordedTree(), {}, way, ['sh', '-c', script]);
  // In the place of the shell: one that waits is of the group that a key interrupts, and may end of it.
  const child = spawn('script', ['-q', '-e', '-c', `exec ${words.map(quote).join(' ')}`, '/dev/null'], viewOptions);
  const watchdog = setTimeout(() => child.kill('SIGKILL'), 30_000);
  onTestFinished(() => {
    clearTimeout(watchdog);
    child.kill('SIGKILL');
  });
  return child;
};

test('a program has the terminal: it is in the group that runs in its foreground', async (context) => {
  for (const way of WAYS.slice(0, 1)) needsNamespaces(context, way);
  needsProgram(context, 'script');
  const child = await atTerminal('[ -t 0 ] && [ -t 1 ] && cut -d" " -f5,8 /proc/$$/stat; echo end');
  const [, group, foreground] = /(\d+) (\d+)\r?\n/.exec(await hear(child, /end\r?\n/)) ?? [];
  expect(group).toMatch(/^\d+$/);
  expect(foreground).toBe(group);
});

test('a key that interrupts reaches the program once', async (context) => {
  for (const way of WAYS.slice(0, 1)) needsNamespaces(context, way);
  needsProgram(context, 'script');
  // One process: a shell that a key interrupts while it forks may end of it, whatever it was told to do.
  const counting =
    "let n = 0; process.on('SIGINT', () => console.log('int ' + ++n)); console.log('up'); setTimeout(() => process.exit(40 + n), 1000);";
  const child = await atTerminal(`exec ${[process.execPath, '-e', counting].map(quote).join(' ')}`);
  const end = endOf(child);
  await hear(child, /up\r?\n/);
  child.stdin.write('\x03');
  await hear(child, /int 1\r?\n/);
  expect(await end).toEqual([41, null]);
});
