import { viable as ask, type Viability, type ViabilityRule } from '@iommu/analysis';
import { IommuError } from '@iommu/core';
import { type DeviceStyle, needsSegment } from '../device-text.js';
import { Exit, type ExitCode } from '../exit.js';
import type { ComputeFlags } from '../flags.js';
import { bootBoth, readInput } from '../input.js';
import { splitInput } from '../input-words.js';
import { page } from '../layout.js';
import { writeOut } from '../output.js';
import { sayNotes } from '../talk.js';
import { viableText } from '../viable-text.js';

export interface ViableFlags extends Omit<ComputeFlags, 'driver'> {
  /** The kernel driver that is to be bound. */
  readonly driver?: string;
  /** What other commands call `--driver`. */
  readonly iommuDriver?: readonly string[];
  readonly rule?: 'today' | '2012';
}

const RULES: Readonly<Record<NonNullable<ViableFlags['rule']>, ViabilityRule>> = {
  today: 'owner',
  '2012': 'allowed-drivers',
};

const exitFor = ({ certain, verdict }: Viability): ExitCode => {
  if (!certain) return Exit.unknown;
  return verdict === 'viable' ? Exit.ok : Exit.differs;
};

/** `iommu viable INPUT DEVICE…` */
export const viable = async (words: readonly string[], flags: ViableFlags): Promise<ExitCode> => {
  const { input, devices } = splitInput(words);
  if (devices.length === 0)
    throw new IommuError('ERR_USAGE', 'expected an input and a device or more: iommu viable my.txt 01:00.0 01:00.1');
  const read = await readInput(input, { attributes: true });
  const { driver, iommuDriver = [], rule, ...boot } = flags;
  const bounds = await bootBoth(read, { ...boot, driver: iommuDriver });
  const report = ask(bounds, devices, {
    ...(driver !== undefined && { driver }),
    ...(rule !== undefined && { rule: RULES[rule] }),
  });
  if (!flags.json && !flags.quiet) sayNotes(read.notes ?? []);
  const { running } = bounds;
  const style: DeviceStyle = { ids: 'names', segment: needsSegment(running.devices.map(({ name }) => name)) };
  writeOut(flags.json ? `${JSON.stringify(report, null, 2)}\n` : viableText(report, running, page(), style));
  return exitFor(report.together);
};
