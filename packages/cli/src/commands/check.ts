import { type CheckReport, check as compare } from '@iommu/analysis';
import { addressText, needsSegment } from '../device-text.js';
import { Exit, type ExitCode } from '../exit.js';
import type { ComputeFlags } from '../flags.js';
import { bootBoth, readInput } from '../input.js';
import { page, wrapped } from '../layout.js';
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

const render = (report: CheckReport): string => {
  const segment = needsSegment(report.differing.map(({ device }) => device));
  const name = (device: string) => addressText(device, { ids: 'names', segment });
  const members = (list: readonly string[] | null) => (list === null ? 'no group' : list.map(name).join(' '));
  const { width } = page();
  const lines = [`partition  ${report.partition}`, `ids        ${report.ids}`, `devices    ${report.devices}`];
  for (const { device, observed, computed, reason } of report.differing) {
    lines.push(
      '',
      name(device),
      ...wrapped({ width }, '  observed  ', members(observed)),
      ...wrapped({ width }, '  computed  ', members(computed)),
      ...wrapped({ width }, '  because   ', reason),
    );
  }
  if (report.missing.length > 0)
    lines.push('', ...wrapped({ width }, 'not described, but observed in a group: ', members(report.missing)));
  return lines.map((line) => `${line}\n`).join('');
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
  writeOut(flags.json ? `${JSON.stringify(shown, null, 2)}\n` : render(shown));
  return exitFor(shown);
};
