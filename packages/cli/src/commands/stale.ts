import { stale as ask, type StaleReport } from '@iommu/analysis';
import { needsSegment } from '../device-text.js';
import { type DriverFlags, driversFor } from '../drivers.js';
import { Exit, type ExitCode } from '../exit.js';
import { readInput } from '../input.js';
import { page } from '../layout.js';
import { writeOut } from '../output.js';
import { staleText } from '../stale-text.js';
import { sayNotes } from '../talk.js';

export interface StaleFlags extends DriverFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const EXITS: Readonly<Record<StaleReport['verdict'], ExitCode>> = {
  current: Exit.ok,
  stale: Exit.differs,
  unknown: Exit.unknown,
};

/** `iommu stale INPUT` */
export const stale = async (input: string | undefined, flags: StaleFlags): Promise<ExitCode> => {
  const machine = await readInput(input);
  const report = ask(machine, { drivers: await driversFor(flags) });
  if (!flags.json && !flags.quiet) sayNotes(machine.notes ?? []);
  const segment = needsSegment(machine.pci?.functions.map(({ address }) => address) ?? []);
  writeOut(flags.json ? `${JSON.stringify(report, null, 2)}\n` : staleText(report, page(), { ids: 'names', segment }));
  return EXITS[report.verdict];
};
