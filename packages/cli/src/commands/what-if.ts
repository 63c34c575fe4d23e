import {
  applyChanges,
  whatIf as ask,
  type BestSlotReport,
  bestSlots,
  bootedAs,
  type ChangedMachine,
  isChanged,
  parseChanges,
  Trials,
} from '@iommu/analysis';
import { IommuError } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { formatPciAddress, tryParsePciAddress } from '@iommu/pci';
import { bestSlotText } from '../best-slot-text.js';
import { type DeviceStyle, needsSegment } from '../device-text.js';
import { driversFor } from '../drivers.js';
import { Exit, type ExitCode } from '../exit.js';
import type { ComputeFlags } from '../flags.js';
import { bootBoth, readInput } from '../input.js';
import { page } from '../layout.js';
import { writeOut } from '../output.js';
import { sayNotes } from '../talk.js';
import { whatIfText } from '../what-if-text.js';

export interface WhatIfFlags extends ComputeFlags {
  readonly bestSlot?: string;
}

const json = (report: unknown): string => `${JSON.stringify(report, null, 2)}\n`;

const styleOf = (...sides: readonly RunningMachine[]): DeviceStyle => ({
  ids: 'names',
  segment: needsSegment(sides.flatMap(({ devices }) => devices.map(({ name }) => name))),
});

const exitFor = ({ slots }: BestSlotReport): ExitCode =>
  slots.some(({ ungrouped, companions }) => ungrouped.length + companions.length === 0) ? Exit.ok : Exit.differs;

const bestSlot = async (
  { machine, policy: changed, addresses }: ChangedMachine,
  asked: string,
  { policy: own, ...flags }: WhatIfFlags,
): Promise<ExitCode> => {
  // The address is that of the input, as those in changes are.
  const parsed = tryParsePciAddress(asked);
  const device = (parsed && addresses.get(formatPciAddress(parsed))) ?? asked;
  const policy = changed ?? own;
  const trials = new Trials(machine, { drivers: await driversFor(flags), ...(policy !== undefined && { policy }) });
  const report = bestSlots(trials, device);
  const { running } = trials.base;
  writeOut(flags.json ? json(report) : bestSlotText(report, running, page(), styleOf(running)));
  return running.topology.hasUnknown ? Exit.unknown : exitFor(report);
};

/** `iommu what-if INPUT CHANGE…`, `iommu what-if INPUT --best-slot DEVICE` */
export const whatIf = async ([input, ...words]: readonly string[], flags: WhatIfFlags): Promise<ExitCode> => {
  if (input === undefined)
    throw new IommuError('ERR_USAGE', 'expected an input and a change: iommu what-if my.txt iommu=pt');
  const { kernel, cmdline, policy, driver = [] } = flags;
  const changes = parseChanges(words.join(' '));
  if (flags.bestSlot === undefined && changes.length === 0)
    throw new IommuError('ERR_USAGE', 'expected a change after the input, such as move 01:00.0 to 00:1c.4');
  const read = await readInput(input);
  const given = bootedAs(read, {
    ...(kernel !== undefined && { kernel }),
    ...(cmdline !== undefined && { commandLine: cmdline }),
  });
  const drivers = await driversFor(flags);
  if (!flags.json && !flags.quiet) sayNotes(read.notes ?? []);
  const changed = applyChanges(given, changes, { drivers });
  if (flags.bestSlot !== undefined) return bestSlot(changed, flags.bestSlot, flags);
  const rules = changed.policy ?? policy;
  const base = await bootBoth(given, { driver, ...(policy !== undefined && { policy }) });
  const other = await bootBoth(changed.machine, { driver, ...(rules !== undefined && { policy: rules }) });
  const report = ask(base, other, changed, changes);
  if (!flags.json && !flags.quiet) sayNotes(report.notes);
  const sides = { before: base.running, after: other.running };
  writeOut(flags.json ? json(report) : whatIfText(report, sides, page(), styleOf(base.running, other.running)));
  if (!report.certain) return Exit.unknown;
  return isChanged(report) ? Exit.differs : Exit.ok;
};
