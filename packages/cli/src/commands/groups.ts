import { type DiagnosticReport, type GroupsReport, groupsReport, observedReport } from '@iommu/analysis';
import { IommuError } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import { certaintyOf, missingDriverNotes } from '../certainty.js';
import { needsSegment } from '../device-text.js';
import { Exit, type ExitCode } from '../exit.js';
import type { ComputeFlags } from '../flags.js';
import { bootBoth, readInput } from '../input.js';
import { type ListingStyle, listing } from '../listing.js';
import { writeOut } from '../output.js';
import { byId, bySlot } from '../selectors.js';
import { sayNotes } from '../talk.js';
import { isTerminal } from '../terminal.js';

export interface GroupsFlags extends ComputeFlags {
  readonly slot?: string;
  readonly id?: string;
  readonly group?: string;
  /** How often it was given. */
  readonly numeric?: number;
  readonly drivers?: boolean;
  readonly domains?: boolean;
  readonly indent?: boolean;
  readonly observed?: boolean;
  readonly against?: string;
  readonly jobs?: string;
}

/** Which devices a listing shows, by name. */
const selection = (running: RunningMachine, { slot, id }: GroupsFlags): ((name: string) => boolean) => {
  const tests = [...(slot === undefined ? [] : [bySlot(slot)]), ...(id === undefined ? [] : [byId(id)])];
  return (name) => {
    if (tests.length === 0) return true;
    const device = running.find(name);
    return device !== undefined && isPciDevice(device) && tests.every((test) => test(device));
  };
};

const select = (report: GroupsReport, running: RunningMachine, flags: GroupsFlags): GroupsReport => {
  const shown = selection(running, flags);
  const id = flags.group === undefined ? undefined : Number(flags.group);
  if (id !== undefined && !Number.isInteger(id))
    throw new IommuError('ERR_USAGE', `'${flags.group}' is no group; expected its number`);
  return {
    ...report,
    groups: report.groups
      .filter((group) => id === undefined || group.id === id)
      .map((group) => ({ ...group, devices: group.devices.filter(shown) }))
      .filter(({ devices }) => devices.length > 0),
    ungrouped: id === undefined ? report.ungrouped.filter(({ device }) => shown(device)) : [],
  };
};

const styleOf = ({ devices }: RunningMachine, { numeric, domains, indent, drivers }: GroupsFlags): ListingStyle => ({
  ids: numeric === 1 ? 'numbers' : 'names',
  segment: domains === true || needsSegment(devices.map(({ name }) => name)),
  indent: indent === true,
  drivers: drivers === true,
});

/** For standard output: a line a device for other programs, in the width of a terminal for a person. */
const fitted = async (text: string): Promise<string> =>
  isTerminal(1) ? (await import('../terminal-listing.js')).forTerminal(text) : text;

/** `iommu groups [INPUT|-]` */
export const groups = async ([input, ...more]: readonly string[], flags: GroupsFlags): Promise<ExitCode> => {
  if (more.length > 0)
    throw new IommuError(
      'ERR_USAGE',
      `one input at a time, not ${more.length + 1}; with --against as many as you like`,
    );
  const machine = await readInput(input);
  const { running, optimistic } = await bootBoth(machine, flags);
  const full = flags.observed ? observedReport(machine) : groupsReport(running);
  if (!full) {
    throw new IommuError(
      'ERR_NOT_OBSERVED',
      `${machine.name}: holds nothing of the kernel's own groups: no links, no 'IOMMU group:' lines, no log of them`,
    );
  }
  const notes: DiagnosticReport[] = (machine.notes ?? []).map(({ severity, code, message }) => ({
    severity,
    code,
    message,
  }));
  const missing = flags.observed ? [] : missingDriverNotes(running);
  const report = select({ ...full, diagnostics: [...notes, ...full.diagnostics, ...missing] }, running, flags);
  if (!flags.json && !flags.quiet) sayNotes(report.diagnostics);
  writeOut(
    flags.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : await fitted(listing(report, running, styleOf(running, flags))),
  );
  return flags.observed ? Exit.ok : certaintyOf(running, optimistic);
};
