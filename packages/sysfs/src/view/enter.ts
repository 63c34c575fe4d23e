import { mkdtempSync, realpathSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mountTable } from '../fuse/mount-table.js';
import { type Build, buildCommands, mountsInSys, stagePlaces, tableOfMounts } from './build-script.js';
import { coversOf } from './covers.js';
import { type Listing, listingOfFolder } from './listing.js';
import { mayMount, type Namespace, openNamespace, type Rights } from './namespace.js';
import { forwardSignals, statusOf } from './pass-through.js';
import { planUnion } from './plan.js';
import { makeSkeleton } from './skeleton.js';

/** A folder inside the namespace that is to become, or to hold, a modelled tree. */
export interface Place {
  /** A process in the namespace. */
  readonly pid: number;
  /** Its path there: an empty folder in memory. */
  readonly path: string;
  /** Its path from outside. */
  readonly outside: string;
}

/** What stands for `/sys`. */
export interface Modelled {
  /** Where it is, as the namespace sees it. */
  readonly path: string;
  /** The entries below `path`; asked only in the mode `union`, before the program starts. */
  readonly listing: Listing;
  /** Whether the program may write to it: only where writes do what the kernel does. */
  readonly writable: boolean;
  /** Called once, when there is no program, or none any more. */
  close?(): Promise<void>;
}

/** How a program sees a modelled tree. */
export interface View {
  /** A folder with what stands for `/sys`, shown read-only; or what puts one into the namespace. */
  readonly modelled: string | ((place: Place) => Promise<Modelled>);
  /** `union`: within the real tree, whose own hardware is hidden. `replace`: nothing else is there. */
  readonly mode: 'union' | 'replace';
  /** What `/proc/cmdline` shows; absent: the real one. */
  readonly commandLine?: string;
  /** Leave root its rights over the machine, with which it can get at the real `/sys`. Without effect for others. */
  readonly privileged?: boolean;
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: this process's. */
  readonly cwd?: string;
}

/** systemd's library takes a folder or a FUSE mount for `/sys` only when told to. @see systemd docs/ENVIRONMENT.md */
const ENVIRONMENT = { SYSTEMD_DEVICE_VERIFY_SYSFS: '0' } as const;

const rightsOf = ({ privileged = false }: View): Rights => {
  if (!mayMount()) return 'user';
  return privileged ? 'root' : 'sealed-root';
};

const outsideOf = (pid: number, stage: string): string => `/proc/${pid}/root${stage}`;

const modelledAt = async (pid: number, stage: string, { modelled }: View): Promise<Modelled> =>
  typeof modelled === 'string'
    ? { path: realpathSync(modelled), listing: listingOfFolder(modelled), writable: false }
    : modelled({ pid, path: join(stage, 'model'), outside: join(outsideOf(pid, stage), 'model') });

/** Put on the stage what the namespace's own part of the work needs. */
const furnish = (pid: number, stage: string, { path, listing, writable }: Modelled, view: View): void => {
  const outside = outsideOf(pid, stage);
  const mounts = mountTable();
  const hasReal = view.mode === 'union';
  const steps = hasReal ? planUnion(listingOfFolder('/sys'), listing, mountsInSys(mounts)) : undefined;
  if (steps) makeSkeleton(stagePlaces(outside).view, steps);
  const covers = coversOf(outside, stage, { hasReal, commandLine: view.commandLine });
  const build: Build = { stage, modelled: path, writable, mounts, covers, ...(steps && { steps }) };
  writeFileSync(stagePlaces(outside).table, tableOfMounts(build));
  writeFileSync(stagePlaces(outside).build, buildCommands(build));
};

/** A program that runs. */
interface Running {
  /** Its exit status. */
  readonly ended: Promise<number>;
}

/** Take a namespace to its program. @throws IommuError `ERR_VIEW`; then nothing of it is left */
const reach = async (stage: string, namespace: Namespace, view: View): Promise<Running> => {
  const { chain } = namespace;
  const stopForwarding = forwardSignals(chain);
  const ended = new Promise<number>((resolve) => {
    chain.on('exit', (code, signal) => {
      stopForwarding();
      resolve(statusOf(code, signal));
    });
  });
  let modelled: Modelled | undefined;
  try {
    const pid = await namespace.stands();
    modelled = await modelledAt(pid, stage, view);
    furnish(pid, stage, modelled, view);
    await namespace.run();
  } catch (error) {
    const isRunning = chain.kill('SIGKILL');
    if (isRunning) await ended;
    stopForwarding();
    // A signal that was handed on before there was a program is no error.
    if (isRunning || chain.signalCode === null) {
      await modelled?.close?.();
      throw error;
    }
  } finally {
    namespace.close();
  }
  const tidy = async (status: number): Promise<number> => {
    await modelled?.close?.();
    return status;
  };
  return { ended: ended.then(tidy) };
};

/**
 * Run a program that finds a modelled tree at `/sys`, and wait for it.
 *
 * It runs in a mount namespace of its own, with this process's standard streams, in its process group: it has the terminal.
 * Signals that this process gets are handed on; it does not outlive this process. The real `/sys` can be read where the view
 * shows it and written to nowhere, by root neither unless `privileged`. Everything else is the machine's own.
 *
 * @returns The program's exit status; 128 and the signal's number if one ended it; 127 if there is no such program.
 * @throws IommuError `ERR_VIEW` where namespaces or mounts are refused, or util-linux is not there
 */
export const enterView = async (view: View, program: string, args: readonly string[] = []): Promise<number> => {
  const { env = process.env, cwd = process.cwd() } = view;
  const stage = mkdtempSync(join(realpathSync(tmpdir()), 'iommu-view-'));
  let running: Running;
  try {
    const started = { stage, rights: rightsOf(view), program, args, env: { ...env, ...ENVIRONMENT }, cwd };
    running = await reach(stage, openNamespace(started), view);
  } finally {
    // Nothing stands on it any more, and this process may be ended by force while the program runs.
    rmdirSync(stage);
  }
  return running.ended;
};
