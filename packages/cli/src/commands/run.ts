import { groupsReport } from '@iommu/analysis';
import { IommuError, isIommuError } from '@iommu/core';
import { sysfsOf } from '@iommu/sysfs';
import { enterView, inMemory } from '@iommu/sysfs/view';
import { type BootFlags, bootBoth, readInput } from '../input.js';
import { sayError, sayNotes } from '../talk.js';

export interface RunFlags extends BootFlags {
  readonly replace?: boolean;
  readonly privileged?: boolean;
  readonly quiet?: boolean;
}

/** As `env`, `timeout` and `chroot` tell that they failed themselves. */
const CANNOT_RUN = 125;

/** `iommu run INPUT -- PROGRAM ARGS...`: the program's own status. */
export const run = async (words: readonly string[], flags: RunFlags): Promise<number> => {
  try {
    return await runInView(words, flags);
  } catch (error) {
    if (!isIommuError(error)) throw error;
    sayError(`${error.message} (${error.code})`);
    return CANNOT_RUN;
  }
};

const runInView = async ([input, program, ...args]: readonly string[], flags: RunFlags): Promise<number> => {
  if (input === undefined || program === undefined) {
    throw new IommuError('ERR_USAGE', 'expected an input and a program: iommu run INPUT -- PROGRAM ARGS...');
  }
  const machine = await readInput(input, { attributes: true });
  const { running } = bootBoth(machine, flags);
  if (!flags.quiet) sayNotes([...(machine.notes ?? []), ...groupsReport(running).diagnostics]);
  const commandLine = flags.cmdline ?? machine.kernel?.commandLine;
  return enterView(
    {
      modelled: inMemory(sysfsOf(running)),
      mode: flags.replace ? 'replace' : 'union',
      privileged: flags.privileged === true,
      ...(commandLine !== undefined && { commandLine }),
    },
    program,
    args,
  );
};
