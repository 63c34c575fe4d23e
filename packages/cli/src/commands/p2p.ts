import { p2p as ask, bootedAs, type P2pReport, Trials } from '@iommu/analysis';
import { type DeviceStyle, needsSegment } from '../device-text.js';
import { driversFor } from '../drivers.js';
import { Exit, type ExitCode } from '../exit.js';
import type { ComputeFlags } from '../flags.js';
import { readInput } from '../input.js';
import { page } from '../layout.js';
import { writeOut } from '../output.js';
import { p2pText } from '../p2p-text.js';
import { sayNotes } from '../talk.js';

const exitFor = ({ request, completion }: P2pReport): ExitCode => {
  const routes = [request.route, completion.route];
  if (routes.includes('redirected')) return Exit.differs;
  return routes.includes('unknown') ? Exit.unknown : Exit.ok;
};

/** `iommu p2p INPUT FROM TO` */
export const p2p = async (input: string, from: string, to: string, flags: ComputeFlags): Promise<ExitCode> => {
  const { kernel, cmdline, policy } = flags;
  const read = await readInput(input);
  const machine = bootedAs(read, {
    ...(kernel !== undefined && { kernel }),
    ...(cmdline !== undefined && { commandLine: cmdline }),
  });
  const trials = new Trials(machine, { drivers: await driversFor(flags), ...(policy !== undefined && { policy }) });
  const report = ask(trials, from, to);
  if (!flags.json && !flags.quiet) sayNotes([...(read.notes ?? []), ...(report.clearing?.notes ?? [])]);
  const { running } = trials.base;
  const style: DeviceStyle = { ids: 'names', segment: needsSegment(running.devices.map(({ name }) => name)) };
  writeOut(flags.json ? `${JSON.stringify(report, null, 2)}\n` : p2pText(report, running, page(), style));
  return exitFor(report);
};
