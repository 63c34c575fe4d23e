import { whyNone as ask, type WhyNoneReport } from '@iommu/analysis';
import { IommuError } from '@iommu/core';
import { needsSegment } from '../device-text.js';
import { Exit, type ExitCode } from '../exit.js';
import type { ComputeFlags } from '../flags.js';
import { bootBoth, readInput } from '../input.js';
import { splitInput } from '../input-words.js';
import { page } from '../layout.js';
import { writeOut } from '../output.js';
import { sayNotes } from '../talk.js';
import { whyNoneText } from '../why-none-text.js';

const EXITS: Readonly<Record<WhyNoneReport['verdict'], ExitCode>> = {
  grouped: Exit.ok,
  none: Exit.differs,
  unknown: Exit.unknown,
};

/** `iommu why-none INPUT [DEVICE]` */
export const whyNone = async (words: readonly string[], flags: ComputeFlags): Promise<ExitCode> => {
  const { input, devices } = splitInput(words);
  const [device, ...more] = devices;
  if (more.length > 0)
    throw new IommuError('ERR_USAGE', 'expected an input and at most one device: iommu why-none my.txt 01:00.0');
  const read = await readInput(input);
  const { running } = await bootBoth(read, flags);
  const report = ask(running, device);
  if (!flags.json && !flags.quiet) sayNotes(read.notes ?? []);
  const style = { ids: 'names', segment: needsSegment(running.devices.map(({ name }) => name)) } as const;
  writeOut(flags.json ? `${JSON.stringify(report, null, 2)}\n` : whyNoneText(report, page(), style));
  return EXITS[report.verdict];
};
