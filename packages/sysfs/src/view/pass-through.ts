import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** Signals that end or move this process and are meant for the program. */
const FORWARDED: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
];

/** Sent by a terminal's keys. */
const BY_KEYS: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);

/**
 * Whether this process is in the group that its terminal sends signals to. The program is too, unless it moved on.
 *
 * @see proc_pid_stat(5): pgrp and tpgid
 */
const isInForeground = (): boolean => {
  // The name of the program, in parentheses, may hold anything.
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return fields[2] === fields[5];
};

/**
 * Hand signals on to a program for as long as it runs.
 *
 * A signal that comes from a key of the terminal reaches the program without us, so in the foreground those are not handed
 * on: some programs take a second one for impatience.
 *
 * @returns A function that ends it.
 */
export const forwardSignals = (program: ChildProcess): (() => void) => {
  const forward = (signal: NodeJS.Signals): void => {
    if (!(BY_KEYS.has(signal) && isInForeground())) program.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward);
  };
};

/** How a shell tells how a program ended: its own status, or 128 and the number of the signal that ended it. */
export const statusOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
