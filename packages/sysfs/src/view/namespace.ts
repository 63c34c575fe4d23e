import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { openHandshake } from './handshake.js';

/*
 * A chain of programs, each started by the one before in its own place, so that the last is a child of this process and in
 * its process group: unshare, a shell that mounts, unshare, a shell that waits, setpriv, the program. It says on descriptor
 * 3 how far it is, with whatever else it has to say until the program runs, and waits on 4 for this process's part.
 */

/** `$1` is the stage, `$2` where the program starts. The stage's file systems vanish with the namespace. */
const MOUNTING = `
set -e
exec 5>&2 2>&3
mount --no-mtab -t tmpfs -o mode=755 iommu-view "$1"
cd "$1"
mkdir real view modelled model empty
mount --no-mtab -t tmpfs -o mode=755 iommu-view view
cd /
echo mounting >&3
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

/** What a program may do to what is outside its view. */
export type Rights =
  /** What its caller may; it is root of a user namespace that has no other ids. */
  | 'user'
  /** Root with all ids, but with no rights over the machine. */
  | 'sealed-root'
  /** All that root may. */
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

/** A mount namespace on the way to its program. */
export interface Namespace {
  /** The process that becomes the program. */
  readonly chain: ChildProcess;
  /** Wait for the stage to stand. @returns The chain's process id. @throws IommuError `ERR_VIEW` */
  stands(): Promise<number>;
  /** Go on to the program: the stage holds all that is to be mounted. @throws IommuError `ERR_VIEW` */
  run(): Promise<void>;
  /** Free what the way took, whether or not the program runs. */
  close(): void;
}

/** Start on the way to a program. Nothing is mounted outside the namespace. */
export const openNamespace = (start: Started): Namespace => {
  const { stage, rights, program, args, env, cwd } = start;
  const handshake = openHandshake(stage);
  const mounting = ['sh', '-c', MOUNTING, 'sh', stage, cwd];
  const sealing = [...INNER[rights], 'sh', '-c', SEALING, 'sh', program, ...args];
  const chain = spawn('unshare', [...OUTER[rights], '--propagation', 'private', ...mounting, ...sealing], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', ...handshake.descriptors],
  });
  return {
    chain,
    stands: async () => {
      await handshake.hears('mounting', chain);
      return chain.pid ?? 0;
    },
    run: async () => {
      handshake.tell('build');
      await handshake.hears('sealed', chain);
      if (rights === 'sealed-root') {
        for (const file of ['uid_map', 'gid_map']) writeFileSync(`/proc/${chain.pid}/${file}`, identityMap(file));
      }
      handshake.tell('run');
    },
    close: handshake.close,
  };
};
