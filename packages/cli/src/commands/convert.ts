import { writeFileSync } from 'node:fs';
import { IommuError } from '@iommu/core';
import { machineToTar } from '@iommu/host';
import type { Machine } from '@iommu/machine';
import { machineToJson } from '@iommu/machine/json';
import { Exit, type ExitCode } from '../exit.js';
import { readInput } from '../input.js';
import { writeOut } from '../output.js';
import { sayNotes } from '../talk.js';
import { isTerminal } from '../terminal.js';

export interface ConvertFlags {
  readonly to: 'json' | 'tar';
  readonly output?: string;
  readonly withoutObserved?: boolean;
  readonly quiet?: boolean;
}

const withoutObserved = ({ observed: _observed, ...rest }: Machine): Machine => rest;

/** `iommu convert INPUT --to json|tar` */
export const convert = async (input: string | undefined, flags: ConvertFlags): Promise<ExitCode> => {
  const read = await readInput(input, { attributes: true });
  const machine = flags.withoutObserved ? withoutObserved(read) : read;
  if (!flags.quiet) sayNotes(machine.notes ?? []);
  if (flags.to === 'tar' && flags.output === undefined && isTerminal(1)) {
    throw new IommuError('ERR_USAGE', 'a tar does not belong on a terminal: name a file with --output, or redirect');
  }
  const bytes =
    flags.to === 'tar' ? await machineToTar(machine) : `${JSON.stringify(machineToJson(machine), null, 2)}\n`;
  if (flags.output === undefined) writeOut(bytes);
  else writeFileSync(flags.output, bytes);
  return Exit.ok;
};
