import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, onTestFinished } from 'vitest';
import { root as checkout } from './command.js';
import { rootOf } from './fake-root.js';
import { systemPath } from './needs.js';
import { isFull } from './sweep.js';

/** One file, where everybody may read it: a checkout may be out of their reach. */
const folder = mkdtempSync(join(tmpdir(), 'iommu-runner-'));
chmodSync(folder, 0o755);
const runner = join(folder, 'enter-view.mjs');
buildSync({
  entryPoints: [join(checkout, 'tests/support/enter-view.ts')],
  outfile: runner,
  bundle: true,
  platform: 'node',
  format: 'esm',
  conditions: ['@iommu/source'],
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Who enters a view: the words that make a command theirs. */
export interface Way {
  readonly who: string;
  readonly as: readonly string[];
  readonly privileged?: boolean;
}

const NOBODY = 65_534;

/** Everybody that root can be. */
const ROOTS_WAYS: readonly Way[] = [
  { who: 'root', as: [] },
  { who: 'somebody else', as: ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] },
  { who: 'root with its rights', as: [], privileged: true },
  { who: 'root that may not mount', as: ['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin'] },
];

/** Who enters views here; in a sample, the usual two. */
export const WAYS: readonly Way[] =
  process.getuid?.() === 0 ? ROOTS_WAYS.slice(0, isFull ? undefined : 2) : [{ who: 'an ordinary user', as: [] }];

/** What is asked of a view besides its tree. */
export interface Asked {
  readonly mode?: 'union' | 'replace';
  readonly commandLine?: string;
  readonly cwd?: string;
  /** For temporary files, of the command itself too. */
  readonly folder?: string;
}

/** The whole command that shows a folder as `/sys` to a program. */
export const viewCommand = (
  modelled: string,
  { folder: _folder, ...asked }: Asked,
  { as, privileged }: Way,
  words: readonly string[],
): readonly [string, ...string[]] => {
  const view = { modelled, mode: 'union', ...asked, ...(privileged && { privileged }) };
  const [program, ...args] = [...as, process.execPath, runner];
  return [program ?? '', ...args, JSON.stringify(view), ...words];
};

export const viewOptions = { cwd: tmpdir(), env: { ...process.env, PATH: systemPath } };

/** Run a program in a view; never longer than half a minute. */
export const inView = (modelled: string, asked: Asked, way: Way, words: readonly string[]) => {
  const [program, ...args] = viewCommand(modelled, asked, way, words);
  const { status, stdout, stderr } = spawnSync(program, args, {
    ...viewOptions,
    env: { ...viewOptions.env, ...(asked.folder !== undefined && { TMPDIR: asked.folder }) },
    encoding: 'utf8',
    timeout: 30_000,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
};

/** {@link inView} for a script. */
export const shellInView = (modelled: string, way: Way, script: string, asked: Asked = {}) =>
  inView(modelled, asked, way, ['sh', '-c', script]);

/** A program in a view while it runs; it ends with the test at the latest, and never runs longer than half a minute. */
export const startInView = (modelled: string, way: Way, script: string): ChildProcess => {
  const [program, ...args] = viewCommand(modelled, {}, way, ['sh', '-c', script]);
  const child = spawn(program, args, { ...viewOptions, stdio: ['pipe', 'pipe', 'inherit'] });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), 30_000);
  onTestFinished(() => {
    clearTimeout(watchdog);
    child.kill('SIGKILL');
  });
  return child;
};

/** How a program ends. Ask before it can. */
export const endOf = (child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> =>
  new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve([code, signal]));
  });

/** Wait until a program has said a line. @returns All that it has said. */
export const hear = (child: ChildProcess, line: RegExp): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (line.test(said)) resolve(said);
    });
    child.on('exit', () => reject(new Error(`it ended, and said only '${said}'`)));
  });

/** The tree of a recorded machine, in a folder that everybody may read and that is gone after the test. */
export const recordedTree = async (name = 'vtd/intel-001'): Promise<string> => {
  const machine = await rootOf(name);
  spawnSync('chmod', ['-R', 'a+rX', machine]);
  return join(machine, 'sys');
};
