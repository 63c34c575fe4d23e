import { stableIds } from '@iommu/analysis';
import { certaintyOf } from '../certainty.js';
import { type DeviceStyle, needsSegment } from '../device-text.js';
import type { ExitCode } from '../exit.js';
import type { ComputeFlags } from '../flags.js';
import { idsText } from '../ids-text.js';
import { bootBoth, readInput } from '../input.js';
import { page } from '../layout.js';
import { writeOut } from '../output.js';
import { sayNotes } from '../talk.js';

/** `iommu ids INPUT` */
export const ids = async (input: string | undefined, flags: ComputeFlags): Promise<ExitCode> => {
  const machine = await readInput(input);
  const { running, optimistic } = await bootBoth(machine, flags);
  const report = stableIds(running);
  if (!flags.json && !flags.quiet) sayNotes([...(machine.notes ?? []), ...report.notes]);
  const style: DeviceStyle = { ids: 'names', segment: needsSegment(running.devices.map(({ name }) => name)) };
  writeOut(flags.json ? `${JSON.stringify(report, null, 2)}\n` : idsText(report, running, page(), style));
  return certaintyOf(running, optimistic);
};
