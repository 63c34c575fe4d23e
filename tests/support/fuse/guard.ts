import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * A mount whose server does not answer stops every program that looks at it, for ever. So each test that mounts has a
 * watchdog, a process of its own that outlives the test if need be: it ends the connections of all mounts below the
 * test's folder, through the files that the kernel has for that.
 */

/** When the time is up: end the connections, and take the mounts off. Words: seconds, folder, folder of connections. */
const WATCHDOG = `
sleep "$1"
while read -r _ _ device _ path _; do
  case $path in
    "$2"/*) echo 1 > "$3/\${device#*:}/abort"; umount -n -l "$path" ;;
  esac
done < /proc/self/mountinfo
umount -n "$3"
`;

export interface GuardedFolder {
  /** Empty, for mount points. */
  readonly path: string;
  /** What is mounted in it now. */
  mounts(): string[];
  /** End the connection of a mount in it. */
  abort(path: string): void;
  /** Take everything away. */
  release(): void;
}

const tableLines = (): string[][] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));

/** A folder for mounts, and a watchdog that lets them live for so many seconds. */
export const guardedFolder = (seconds: number): GuardedFolder => {
  const path = mkdtempSync(join(tmpdir(), 'iommu-mounts-'));
  const connections = join(path, '.connections');
  mkdirSync(connections);
  const { status, stderr } = spawnSync('mount', ['-n', '-t', 'fusectl', 'none', connections], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the watchdog cannot be set up: ${stderr}`);
  const watchdog: ChildProcess = spawn('sh', ['-c', WATCHDOG, 'watchdog', String(seconds), path, connections], {
    detached: true,
    stdio: 'ignore',
  });
  const below = () => tableLines().filter(([, , , , at]) => at?.startsWith(`${path}/`) && at !== connections);
  return {
    path,
    mounts: () => below().map(([, , , , at]) => at ?? ''),
    abort: (mount) => {
      const device = below().find(([, , , , at]) => at === mount)?.[2];
      spawnSync('sh', ['-c', 'echo 1 > "$0"', join(connections, device?.split(':')[1] ?? 'none', 'abort')]);
    },
    release: () => {
      // Its whole group, and with it the sleep.
      if (watchdog.pid !== undefined) process.kill(-watchdog.pid, 'SIGKILL');
      for (const [, , device, , at] of below()) {
        spawnSync('sh', ['-c', 'echo 1 > "$0"', join(connections, device?.split(':')[1] ?? 'none', 'abort')]);
        spawnSync('umount', ['-n', '-l', at ?? '']);
      }
      spawnSync('umount', ['-n', connections]);
      for (const name of readdirSync(path)) rmdirSync(join(path, name));
      rmSync(path, { recursive: true });
    },
  };
};
