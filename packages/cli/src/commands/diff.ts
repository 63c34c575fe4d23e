import { diff as ask, hasChanges, MATCH_BY, type MatchBy } from '@iommu/analysis';
import { IommuError } from '@iommu/core';
import { type DeviceStyle, needsSegment } from '../device-text.js';
import { diffText } from '../diff-text.js';
import { type DriverFlags, driversFor } from '../drivers.js';
import { Exit, type ExitCode } from '../exit.js';
import { bootBoth, readInput } from '../input.js';
import { page } from '../layout.js';
import { writeOut } from '../output.js';
import { sayNotes } from '../talk.js';

export interface DiffFlags extends DriverFlags {
  readonly by?: string;
  readonly computed?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const matchBy = (text = 'path'): MatchBy => {
  const found = MATCH_BY.find((one) => one === text);
  if (found) return found;
  throw new IommuError('ERR_USAGE', `--by ${text}: expected ${MATCH_BY.join(', ')}`);
};

/** `iommu diff A B` */
export const diff = async (first: string, second: string, flags: DiffFlags): Promise<ExitCode> => {
  const by = matchBy(flags.by);
  if (first === '-' && second === '-')
    throw new IommuError('ERR_USAGE', 'only one of the two dumps can come from standard input');
  const [a, b] = [await readInput(first), await readInput(second)];
  const { driver = [] } = flags;
  const [before, after] = [await bootBoth(a, { driver }), await bootBoth(b, { driver })];
  const report = ask(before, after, { drivers: await driversFor(flags), by, computed: flags.computed === true });
  if (!flags.json && !flags.quiet) sayNotes([...(a.notes ?? []), ...(b.notes ?? []), ...report.notes]);
  const sides = { before: before.running, after: after.running };
  const names = [...before.running.devices, ...after.running.devices].map(({ name }) => name);
  const style: DeviceStyle = { ids: 'names', segment: needsSegment(names) };
  writeOut(flags.json ? `${JSON.stringify(report, null, 2)}\n` : diffText(report, sides, page(), style));
  if (!report.certain) return Exit.unknown;
  return hasChanges(report) ? Exit.differs : Exit.ok;
};
