import { statSync } from 'node:fs';
import { groupsReport } from '@iommu/analysis';
import { IommuError } from '@iommu/core';
import { certaintyOf } from '../certainty.js';
import type { ExitCode } from '../exit.js';
import type { FormatName } from '../export/format-names.js';
import { FORMATS } from '../export/formats.js';
import { guessedNumbers } from '../guessed-numbers.js';
import { type BootFlags, bootBoth, readInput } from '../input.js';
import { checkIsNotInput, saveBytes, saveFolder } from '../save.js';
import { sayNotes } from '../talk.js';
import { isTerminal } from '../terminal.js';

export interface ExportFlags extends BootFlags {
  readonly format: FormatName;
  readonly to?: string;
  readonly quiet?: boolean;
}

const encoder = new TextEncoder();

/** Whether it is the name of a folder: it is one, or ends as one. */
const namesFolder = (to: string): boolean => {
  if (to.endsWith('/')) return true;
  try {
    return statSync(to).isDirectory();
  } catch {
    return false;
  }
};

const checkTarget = (input: string | undefined, { format, to = '-' }: ExportFlags): void => {
  const { isBinary, files } = FORMATS[format];
  checkIsNotInput(input, to);
  if (isBinary && to === '-' && isTerminal(1))
    throw new IommuError('ERR_USAGE', `${format} does not belong on a terminal: name a file with --to, or redirect`);
  if (!files && namesFolder(to))
    throw new IommuError('ERR_USAGE', `'${to}' is a folder: ${format} is one file, expected its name`);
};

/** `iommu export [INPUT|-] --format FORMAT` */
export const exportGroups = async (input: string | undefined, flags: ExportFlags): Promise<ExitCode> => {
  const { write, hasNoDoubt, warn, files } = FORMATS[flags.format];
  checkTarget(input, flags);
  const machine = await readInput(input, { attributes: true });
  const { running, optimistic } = await bootBoth(machine, flags);
  if (!flags.quiet) {
    const guesses = hasNoDoubt ? guessedNumbers(running) : [];
    sayNotes([...(machine.notes ?? []), ...groupsReport(running).diagnostics, ...guesses]);
  }
  const sayWarning = (written: string): void => {
    const message = flags.quiet ? undefined : warn?.(running, written);
    if (message !== undefined) sayNotes([{ severity: 'warning', code: 'format-limit', message }]);
  };
  if (files && flags.to !== undefined && namesFolder(flags.to)) {
    sayWarning('');
    saveFolder(files(running), flags.to);
  } else {
    const written = await write(running);
    if (typeof written === 'string') sayWarning(written);
    saveBytes(typeof written === 'string' ? encoder.encode(written) : written, flags.to);
  }
  return certaintyOf(running, optimistic);
};
