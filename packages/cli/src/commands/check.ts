import { type CheckReport, check as compare } from '@iommu/analysis';
import { checkText } from '../check-text.js';
import { needsSegment } from '../device-text.js';
import { Exit, type ExitCode } from '../exit.js';
import type { ComputeFlags } from '../flags.js';
import { bootBoth, readInput } from '../input.js';
import { page } from '../layout.js';
import { writeOut } from '../output.js';
import { say, sayNotes } from '../talk.js';

const NOTHING_OBSERVED: CheckReport = {
  schema: 1,
  partition: 'unknown',
  ids: 'unknown',
  devices: 0,
  differing: [],
  missing: [],
};

const exitFor = ({ partition, ids }: CheckReport): ExitCode => {
  if (partition === 'differs' || ids === 'differs') return Exit.differs;
  return partition === 'unknown' ? Exit.unknown : Exit.ok;
};

/** `iommu check INPUT` */
export const check = async (input: string | undefined, flags: ComputeFlags): Promise<ExitCode> => {
  const machine = await readInput(input);
  const { running, optimistic } = await bootBoth(machine, flags);
  const report = compare(running, optimistic);
  if (!flags.json && !flags.quiet) {
    sayNotes(machine.notes ?? []);
    if (!report) say(`${machine.name}: holds nothing of the kernel's own groups to compare with`);
  }
  const shown = report ?? NOTHING_OBSERVED;
  const segment = needsSegment(shown.differing.map(({ device }) => device));
  const style = { ids: 'names', segment } as const;
  writeOut(flags.json ? `${JSON.stringify(shown, null, 2)}\n` : checkText(shown, page(), style));
  return exitFor(shown);
};
