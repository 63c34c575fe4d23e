import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { IommuError } from '@iommu/core';

/*
 * A chain of programs, each started by the one before in its own place, so that the last is a child of this process and in
 * its process group: unshare, a shell that mounts, unshare, a shell that waits, setpriv, the program. It says on descriptor
 * 3 how far it is, with whatever else it has to say until the program runs, and waits on 4 for this process's part.
 */

/** $1 is the stage. Its file systems vanish with the namespace. */
const MOUNTING = `
set -e
exec 5>&2 2>&3
mount --no-mtab -t tmpfs -o mode=755 iommu-view "$1"
cd "$1"
mkdir real view modelled model empty
mount --no-mtab -t tmpfs -o mode=755 iommu-view view
cd /
echo ready >&3
read -r _ <&4
. "$1/build"
cd "$2" 2>/dev/null || cd /
shift 2
exec "$@"
`;

/** Until its ids are mapped it has no rights, whoever started it. */
const SEALING = `
echo sealed >&3
read -r _ <&4 || exit 125
exec 2>&5 3>&- 4<&- 5>&-
if ! command -v -- "$1" >/dev/null; then
  echo "iommu: $1: command not found" >&2
  exit 127
fi
exec setpriv --pdeathsig KILL -- "$@"
`;

/** Rights of a program over what is outside its view. */
export type Rights =
  /** Root of a user namespace in which only the caller's ids exist. */
  | 'user'
  /** Root with all ids, but with no rights over the machine. */
  | 'sealed-root'
  /** Root as it is. */
  | 'root';

/** @see capabilities(7) */
const CAP_SYS_ADMIN = 21n;

/** Whether this process may mount. */
export const mayMount = (): boolean => {
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return ((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
};

const OUTER: Readonly<Record<Rights, readonly string[]>> = {
  user: ['--user', '--map-root-user', '--mount'],
  'sealed-root': ['--mount'],
  root: ['--mount'],
};

/** A namespace inside the one that was mounted in: there, mounts cannot be taken apart. @see mount_namespaces(7), locked mounts */
const INNER: Readonly<Record<Rights, readonly string[]>> = {
  user: ['unshare', '--user', '--map-root-user', '--mount'],
  'sealed-root': ['unshare', '--user', '--mount'],
  root: [],
};

/** Every id that this process knows, as itself. @see user_namespaces(7) */
const identityMap = (file: string): string =>
  readFileSync(`/proc/self/${file}`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([inside, , count]) => `${inside} ${inside} ${count}\n`)
    .join('');

/** What {@link openNamespace} starts. */
export interface Started {
  /** An empty folder, over which the stage is mounted. */
  readonly stage: string;
  readonly rights: Rights;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** A mount namespace on the way to the program. */
export interface Namespace {
  readonly chain: ChildProcess & { readonly pid: number };
  /** Go on to the program when the stage holds what is to be mounted. */
  run(): Promise<void>;
}

/** @throws IommuError `ERR_VIEW`: there can be no such namespace here. */
export const openNamespace = async (start: Started): Promise<Namespace> => {
  const { stage, rights, program, args, env, cwd } = start;
  const words = ['sh', '-c', MOUNTING, 'sh', stage, cwd];
  const inner = [...INNER[rights], 'sh', '-c', SEALING, 'sh', program, ...args];
  const chain = spawn('unshare', [...OUTER[rights], '--propagation', 'private', ...words, ...inner], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'pipe'],
  });
  const heard = chain.stdio[3] as Readable;
  const told = chain.stdio[4] as Writable;
  // It ended, and its exit tells.
  told.on('error', () => {});
  let said = '';
  const reaches = (word: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!said.split('\n').includes(word)) return;
        stop();
        resolve();
      };
      const failed = (cause?: Error): void => {
        stop();
        const why = cause?.message ?? said.replace(/^(?:ready|sealed)\n/gm, '').trim();
        reject(
          new IommuError('ERR_VIEW', `no view of a modelled /sys can be made here: ${why || 'it ended early'}`, {
            cause,
          }),
        );
      };
      const stop = (): void => {
        heard.off('data', look).off('close', failed);
        chain.off('error', failed);
      };
      heard.on('data', look).on('close', failed);
      chain.on('error', failed);
      look();
    });
  heard.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await reaches('ready');
  return {
    chain: chain as ChildProcess & { readonly pid: number },
    run: async () => {
      told.write('build\n');
      await reaches('sealed');
      if (rights === 'sealed-root') {
        for (const file of ['uid_map', 'gid_map']) writeFileSync(`/proc/${chain.pid}/${file}`, identityMap(file));
      }
      told.write('run\n');
    },
  };
};
