import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { intelVtd, writeDmar } from '@iommu/driver-intel-vtd';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { endpoint, layOut, multifunction, rootPort } from '@iommu/machine/build';
import { machineToJson } from '@iommu/machine/json';
import { type Mount, type MountOptions, mountSysfs } from '@iommu/sysfs/mount';
import { buildSync } from 'esbuild';
import { afterAll, onTestFinished, type TestContext } from 'vitest';
import { root as checkout } from '../command.js';
import { needsFuse } from '../needs.js';
import { type GuardedFolder, guardedFolder } from './guard.js';

const folder = mkdtempSync(join(tmpdir(), 'iommu-server-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

/** Sources are not for Node to run: a file of them, with all that it needs, as one file. */
const bundle = (name: string): URL => {
  const outfile = join(folder, `${name}.mjs`);
  if (!existsSync(outfile))
    buildSync({
      entryPoints: [join(checkout, `tests/support/fuse/${name}.ts`)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['@iommu/source'],
    });
  return pathToFileURL(outfile);
};

/** The process that serves. */
export const server = (): URL => bundle('serve-machine');

/** A driver of VT-d that takes its time. */
export const slowVtd = (): URL => bundle('slow-vtd');

/** A program that reads everything, again and again. */
export const walker = (): URL => bundle('walker');

/** A program that reads everything once and says what it was. */
export const reader = (): URL => bundle('read-mounted');

const gpu = () =>
  multifunction(endpoint({ id: '10de:2684', class: '030000' }), endpoint({ id: '10de:22ba', class: '040300' }));

/** A graphics card behind a port without ACS, a network card with virtual functions and a free port, both with it. */
export const drawnMachine = (): Machine => ({
  schema: 1,
  kernel: { release: '6.12.0', arch: 'x86_64', commandLine: 'intel_iommu=on' },
  firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } },
  pci: layOut([
    {
      devices: [
        rootPort({ slot: 1, id: '8086:1901' }, [gpu()]),
        rootPort({ slot: 2, id: '8086:1905', acs: true }, [endpoint({ id: '8086:15f3', class: '020000' })]),
        rootPort({ slot: 3, id: '8086:1909', acs: true }),
      ],
    },
  ]),
});

export const bootDrawn = (machine: Machine = drawnMachine()): RunningMachine =>
  boot(machine, { drivers: [intelVtd()] });

/** What programs say of a mount without a server: the kernel ends what is on its way in one way, what comes later in another. */
export const WITHOUT_SERVER = /not connected|connection abort/;

/** How a script ended. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The longest that one script takes, in seconds. */
const LONGEST = 20;

/** Run a program, never for long: the mount is not looked at from this process. */
export const runIn = (cwd: string, words: readonly [string, ...string[]], seconds = LONGEST): Promise<Ran> =>
  new Promise((resolve) => {
    const env = { ...process.env, LC_ALL: 'C' };
    const options = { cwd: '/', env, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 } as const;
    // `cd` within the time limit, too.
    const all = ['-s', 'KILL', String(seconds), 'sh', '-c', 'cd "$0" && exec "$@"', cwd, ...words];
    execFile('timeout', all, options, (error, stdout, stderr) => {
      const status = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
      resolve({ status, stdout, stderr });
    });
  });

/** Run a shell script in a directory. */
export const shellIn = (cwd: string, script: string, seconds?: number): Promise<Ran> =>
  runIn(cwd, ['sh', '-c', script], seconds);

/** A folder for mounts whose watchdog lets the test run for so long, in seconds. */
export const mountFolder = (context: TestContext, seconds = 60): GuardedFolder => {
  needsFuse(context);
  const guarded = guardedFolder(seconds);
  onTestFinished(() => guarded.release());
  return guarded;
};

/** Mount a machine in a folder of its own. */
export const mountIn = async (
  { path }: GuardedFolder,
  machine: Machine = drawnMachine(),
  options: MountOptions = {},
): Promise<Mount> => {
  const mount = await mountSysfs(machine, join(path, 'machine'), { server: server(), ...options });
  onTestFinished(() => mount.unmount());
  return mount;
};

/** Another process that mounts the machine, and waits. */
export const startMounting = async (
  { path }: GuardedFolder,
  options: Omit<MountOptions, 'server'> = {},
): Promise<{ child: ChildProcess; path: string; pid: number }> => {
  const words = [
    fileURLToPath(bundle('start-mounting')),
    JSON.stringify(machineToJson(drawnMachine())),
    join(path, 'machine'),
    JSON.stringify({ ...options, server: server().href }),
  ];
  const child = spawn(process.execPath, words, { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', resolve);
    child.once('exit', (status) => reject(new Error(`ended with ${status}`)));
  });
  return { child, ...JSON.parse(line) };
};
