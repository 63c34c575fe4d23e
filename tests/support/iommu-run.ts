import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { root } from './command.js';
import type { Way } from './in-view.js';
import { systemPath } from './needs.js';

/** The built command, where everybody may read it. */
const folder = mkdtempSync(join(tmpdir(), 'iommu-command-'));
chmodSync(folder, 0o755);
for (const part of ['bin', 'dist', 'package.json']) {
  cpSync(join(root, 'packages/cli', part), join(folder, part), {
    recursive: true,
    filter: (path) => !path.endsWith('.map'),
  });
}
afterAll(() => rmSync(folder, { recursive: true }));

/** Processes that serve a machine to what this file started. */
export const servers = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`${folder}/dist/lazy-serve.js`)
      );
    } catch {
      return false;
    }
  });

/** A place for control sockets that only one user may look into. @returns Its environment. */
export const ownRuntime = (): NodeJS.ProcessEnv => {
  const place = mkdtempSync(join(tmpdir(), 'iommu-runtime-'));
  onTestFinished(() => rmSync(place, { recursive: true }));
  return { XDG_RUNTIME_DIR: place };
};

export interface RunOptions {
  /** Flags of `iommu run`. */
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const commandOf = (way: Way, input: string, words: readonly string[], { flags = [] }: RunOptions) => {
  const command = [process.execPath, join(folder, 'bin/iommu.js'), 'run', ...(way.privileged ? ['--privileged'] : [])];
  const [program = '', ...args] = [...way.as, ...command, ...flags, input, '--', ...words];
  return { program, args };
};

const environment = ({ env }: RunOptions): NodeJS.ProcessEnv => {
  const { XDG_RUNTIME_DIR: _own, ...rest } = process.env;
  return { ...rest, PATH: systemPath, LC_ALL: 'C', ...env };
};

const LONGEST = 45_000;

/** Run a program by `iommu run`; it is ended by force when it takes too long. */
export const iommuRun = (way: Way, input: string, words: readonly string[], options: RunOptions = {}) => {
  const { program, args } = commandOf(way, input, words, options);
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: environment(options),
    timeout: LONGEST,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
};

/** As {@link iommuRun}, while it runs; it ends with the test at the latest. */
export const startIommuRun = (way: Way, input: string, script: string, options: RunOptions = {}): ChildProcess => {
  const { program, args } = commandOf(way, input, ['sh', '-c', script], options);
  const child = spawn(program, args, {
    cwd: tmpdir(),
    env: environment(options),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), LONGEST);
  onTestFinished(() => {
    clearTimeout(watchdog);
    child.kill('SIGKILL');
  });
  return child;
};
