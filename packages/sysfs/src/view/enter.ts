import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Build, buildCommands, type Cover, mountsInSys, mountTable, stagePlaces } from './build-script.js';
import { type Listing, listingOfFolder } from './listing.js';
import { parseMounts } from './mounts.js';
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
  readonly listing: Listing;
  /** Whether the program may write to it: only where writes do what the kernel does. */
  readonly writable: boolean;
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

/** `systemd`'s library takes a folder or a FUSE mount for `/sys` only when told. @see systemd docs/ENVIRONMENT.md */
const ENVIRONMENT = { SYSTEMD_DEVICE_VERIFY_SYSFS: '0' } as const;

/** Other ways to the devices that the view hides. */
const OTHER_WAYS = ['/proc/bus/pci', '/dev/vfio'] as const;

const UDEV_DATA = '/run/udev/data';

/** What is known by udev of real devices that the view hides; a device's file is named for it. @see systemd sd_device_get_device_id */
const isOfHidden = (path: string): boolean => basename(path).startsWith('+pci:');

/** Fill the stage with what covers places outside `/sys`. */
const coversOf = (outside: string, stage: string, { mode, commandLine }: View): Cover[] => {
  const [inside, here] = [stagePlaces(stage), stagePlaces(outside)];
  const covers = OTHER_WAYS.filter((at) => existsSync(at)).map((at): Cover => ({ at, by: inside.empty }));
  if (commandLine !== undefined) {
    writeFileSync(here.commandLine, `${commandLine}\n`, { mode: 0o444 });
    covers.push({ at: '/proc/cmdline', by: inside.commandLine });
  }
  if (existsSync(UDEV_DATA)) {
    const isKept = mode === 'union';
    cpSync(UDEV_DATA, here.udevData, {
      recursive: true,
      filter: (path) => path === UDEV_DATA || (isKept && !isOfHidden(path)),
    });
    covers.push({ at: UDEV_DATA, by: inside.udevData });
  }
  return covers;
};

/** Put everything on the stage that the namespace's own part of the work needs. */
const furnish = async (pid: number, stage: string, view: View): Promise<void> => {
  const outside = `/proc/${pid}/root${stage}`;
  const { modelled: from, mode } = view;
  const modelled: Modelled =
    typeof from === 'string'
      ? { path: realpathSync(from), listing: listingOfFolder(from), writable: false }
      : await from({ pid, path: join(stage, 'model'), outside: join(outside, 'model') });
  const mounts = parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  const steps =
    mode === 'union' ? planUnion(listingOfFolder('/sys'), modelled.listing, mountsInSys(mounts)) : undefined;
  if (steps) makeSkeleton(stagePlaces(outside).view, steps);
  const build: Build = {
    stage,
    modelled: modelled.path,
    writable: modelled.writable,
    ...(steps && { steps }),
    mounts,
    covers: coversOf(outside, stage, view),
  };
  writeFileSync(stagePlaces(outside).table, mountTable(build));
  writeFileSync(stagePlaces(outside).build, buildCommands(build));
};

const rightsOf = ({ privileged = false }: View): Rights => {
  if (!mayMount()) return 'user';
  return privileged ? 'root' : 'sealed-root';
};

/** How a program ends, once it runs. */
interface Running {
  readonly ended: Promise<number>;
}

/** Take a namespace to its program. @throws IommuError `ERR_VIEW`, and nothing runs any more */
const reach = async (stage: string, namespace: Namespace, view: View): Promise<Running> => {
  const { chain } = namespace;
  const stopForwarding = forwardSignals(chain);
  const ended = new Promise<number>((resolve) => {
    chain.on('exit', (code, signal) => {
      stopForwarding();
      resolve(statusOf(code, signal));
    });
  });
  try {
    await furnish(await namespace.stands(), stage, view);
    await namespace.run();
  } catch (error) {
    const isRunning = chain.kill('SIGKILL');
    if (isRunning) await ended;
    stopForwarding();
    // A signal that was handed on before there was a program is no error.
    if (isRunning || chain.signalCode === null) throw error;
  } finally {
    namespace.close();
  }
  return { ended };
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
