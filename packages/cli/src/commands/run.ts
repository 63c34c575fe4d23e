import { accessSync, constants } from 'node:fs';
import { groupsReport } from '@iommu/analysis';
import { IommuError, isIommuError } from '@iommu/core';
import type { Machine } from '@iommu/machine';
import { type SysfsTree, sysfsOf } from '@iommu/sysfs';
import type { Mount } from '@iommu/sysfs/mount';
import { enterView, inMemory, live, type View } from '@iommu/sysfs/view';
import { driverModules } from '../drivers.js';
import { type BootFlags, bootBoth, readInput } from '../input.js';
import { say, sayError, sayNotes } from '../talk.js';

export interface RunFlags extends BootFlags {
  readonly replace?: boolean;
  readonly static?: boolean;
  /** Kernel drivers. */
  readonly load?: readonly string[];
  readonly privileged?: boolean;
  readonly quiet?: boolean;
}

/** As `env`, `timeout` and `chroot` tell that they failed themselves. */
const CANNOT_RUN = 125;

const hasFuse = (): boolean => {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

/** A live tree where that can be, else one as it is now. */
const backing = async (
  machine: Machine,
  tree: SysfsTree,
  flags: RunFlags,
): Promise<Exclude<View['modelled'], string>> => {
  const { kernel, cmdline, policy, quiet, load = [] } = flags;
  if (flags.static || !hasFuse()) return inMemory(tree);
  const prepare = async ({ ended, control }: Mount): Promise<void> => {
    // The program sees that it has ended; why, is said here.
    ended.catch((error: Error) => sayError(error.message));
    for (const driver of load) await control.load(driver);
  };
  const mounting = live({
    machine,
    tree,
    prepare,
    drivers: await driverModules(flags),
    server: new URL('./lazy-serve.js', import.meta.url),
    ...(kernel !== undefined && { kernel }),
    ...(cmdline !== undefined && { commandLine: cmdline }),
    ...(policy !== undefined && { policy }),
  });
  return async (place) => {
    try {
      return await mounting(place);
    } catch (error) {
      if (!isIommuError(error, 'ERR_SYSFS_MOUNT')) throw error;
      if (!quiet) say(`nothing can be written to below /sys, and nothing changes there: ${error.message}`);
      return inMemory(tree)(place);
    }
  };
};

const runInView = async ([input, program, ...args]: readonly string[], flags: RunFlags): Promise<number> => {
  if (input === undefined || program === undefined) {
    throw new IommuError('ERR_USAGE', 'expected an input and a program: iommu run INPUT -- PROGRAM ARGS...');
  }
  const machine = await readInput(input, { attributes: true });
  const { running } = await bootBoth(machine, flags);
  if (!flags.quiet) sayNotes([...(machine.notes ?? []), ...groupsReport(running).diagnostics]);
  for (const driver of flags.load ?? []) running.kernelDrivers.register(driver);
  const commandLine = flags.cmdline ?? machine.kernel?.commandLine;
  return enterView(
    {
      modelled: await backing(machine, sysfsOf(running), flags),
      mode: flags.replace ? 'replace' : 'union',
      privileged: flags.privileged === true,
      ...(commandLine !== undefined && { commandLine }),
    },
    program,
    args,
  );
};

/** `iommu run INPUT -- PROGRAM ARGS...` @returns The program's own status. */
export const run = async (words: readonly string[], flags: RunFlags): Promise<number> => {
  try {
    return await runInView(words, flags);
  } catch (error) {
    if (!isIommuError(error)) throw error;
    sayError(`${error.message} (${error.code})`);
    if (error.code === 'ERR_VIEW' && process.getuid?.() === 0 && !flags.privileged) {
      say('as root, --privileged does without a user namespace; the program can then get at the real /sys');
    }
    return CANNOT_RUN;
  }
};
