import { explain as ask, bootedAs, type ExplainReport, pathTree, Trials } from '@iommu/analysis';
import { IommuError } from '@iommu/core';
import { boot } from '@iommu/machine';
import { type DeviceStyle, needsSegment } from '../device-text.js';
import { driversFor } from '../drivers.js';
import { Exit, type ExitCode } from '../exit.js';
import { explainText, treeText } from '../explain-text.js';
import type { ComputeFlags } from '../flags.js';
import { readInput } from '../input.js';
import { splitInput } from '../input-words.js';
import { page } from '../layout.js';
import { writeOut } from '../output.js';
import { sayNotes } from '../talk.js';

export interface ExplainFlags extends ComputeFlags {
  readonly tree?: boolean;
}

/** Machines booted for one question at most: a large one takes some milliseconds each. */
const CAP = 600;

const exitFor = ({ certain, relation }: ExplainReport): ExitCode => {
  if (!certain) return Exit.unknown;
  return relation === 'apart' || relation === 'ungrouped' ? Exit.differs : Exit.ok;
};

/** `iommu explain INPUT A [B]` */
export const explain = async (words: readonly string[], flags: ExplainFlags): Promise<ExitCode> => {
  const { input, devices } = splitInput(words);
  const [a, b, ...more] = devices;
  if (a === undefined || more.length > 0)
    throw new IommuError('ERR_USAGE', 'expected an input and one device or two: iommu explain my.txt 01:00.0 01:00.1');
  const { kernel, cmdline, policy } = flags;
  const read = await readInput(input);
  const machine = bootedAs(read, {
    ...(kernel !== undefined && { kernel }),
    ...(cmdline !== undefined && { commandLine: cmdline }),
  });
  const options = { drivers: await driversFor(flags), ...(policy !== undefined && { policy }) };
  const trials = new Trials(machine, { ...options, cap: CAP });
  const { running } = trials.base;
  const optimistic = running.topology.hasUnknown ? boot(machine, { ...options, unknown: 'optimistic' }) : running;
  const report = ask(trials, optimistic, a, b);
  if (!flags.json && !flags.quiet) sayNotes(read.notes ?? []);
  const style: DeviceStyle = { ids: 'names', segment: needsSegment(running.devices.map(({ name }) => name)) };
  const text = (): string =>
    flags.tree
      ? treeText(pathTree(running, report.devices), page(), style)
      : explainText(report, running, page(), style);
  writeOut(flags.json ? `${JSON.stringify(report, null, 2)}\n` : text());
  return exitFor(report);
};
