import { groupsReport } from '@iommu/analysis';
import { IommuError } from '@iommu/core';
import { certaintyOf } from '../certainty.js';
import type { ExitCode } from '../exit.js';
import type { FormatName } from '../export/format-names.js';
import { FORMATS } from '../export/formats.js';
import { guessedNumbers } from '../guessed-numbers.js';
import { type BootFlags, bootBoth, readInput } from '../input.js';
import { checkIsNotInput, saveBytes } from '../save.js';
import { sayNotes } from '../talk.js';
import { isTerminal } from '../terminal.js';

export interface ExportFlags extends BootFlags {
  readonly format: FormatName;
  readonly to?: string;
  readonly quiet?: boolean;
}

const encoder = new TextEncoder();

/** `iommu export [INPUT|-] --format FORMAT` */
export const exportGroups = async (input: string | undefined, flags: ExportFlags): Promise<ExitCode> => {
  const { write, isBinary, hasNoDoubt, warn } = FORMATS[flags.format];
  checkIsNotInput(input, flags.to);
  if (isBinary && (flags.to ?? '-') === '-' && isTerminal(1))
    throw new IommuError(
      'ERR_USAGE',
      `${flags.format} does not belong on a terminal: name a file with --to, or redirect`,
    );
  const machine = await readInput(input, { attributes: true });
  const { running, optimistic } = bootBoth(machine, flags);
  if (!flags.quiet) {
    const guesses = hasNoDoubt ? guessedNumbers(running) : [];
    sayNotes([...(machine.notes ?? []), ...groupsReport(running).diagnostics, ...guesses]);
  }
  const written = await write(running);
  const warning = typeof written === 'string' ? warn?.(written) : undefined;
  if (warning !== undefined && !flags.quiet)
    sayNotes([{ severity: 'warning', code: 'format-limit', message: warning }]);
  saveBytes(typeof written === 'string' ? encoder.encode(written) : written, flags.to);
  return certaintyOf(running, optimistic);
};
