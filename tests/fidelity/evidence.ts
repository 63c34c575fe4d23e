/** A line of a dump that shows by itself why the kernel's groups are not those of its rules. */
export interface Evidence {
  readonly cause: string;
  /** Counted from 1. */
  readonly line: number;
}

type Finder = (lines: readonly string[]) => Evidence | undefined;

const firstMatch =
  (cause: string, pattern: RegExp): Finder =>
  (lines) => {
    const at = lines.findIndex((line) => pattern.test(line));
    return at < 0 ? undefined : { cause, line: at + 1 };
  };

const GROUP = /IOMMU group:? (\d+)|^\W*IOMMU Group (\d+)/i;
const DEVICE = /^\s*((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) /;

/** One address in two groups: several machines in one text, or two states of one. */
const conflictingGroups: Finder = (lines) => {
  const groups = new Map<string, string>();
  let device: string | undefined;
  let heading: string | undefined;
  for (const [index, line] of lines.entries()) {
    const [, own, listed] = GROUP.exec(line) ?? [];
    if (listed !== undefined) heading = listed;
    device = DEVICE.exec(line.replace(/^\W*IOMMU Group \d+:?/i, ''))?.[1] ?? device;
    const group = own ?? (DEVICE.test(line) || listed !== undefined ? heading : undefined);
    if (device === undefined || group === undefined) continue;
    const before = groups.get(device);
    if (before !== undefined && before !== group) return { cause: 'one address in two groups', line: index + 1 };
    groups.set(device, group);
  }
  return undefined;
};

const JOINING = /Adding to iom/;
const JOINED_WHOLE = /\b[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]: (?:iommu: )?Adding to iommu group \d+\s*$/;
/** A second message begins within the line. */
const STAMP_INSIDE = /\S.*\[ *\d+\.\d{6}/;

/** A message of a log about a group of which a part was overwritten: the console lost characters. */
const damagedGroupLine: Finder = (lines) => {
  const at = lines.findIndex((line) => JOINING.test(line) && (!JOINED_WHOLE.test(line) || STAMP_INSIDE.test(line)));
  return at < 0 ? undefined : { cause: 'a damaged line on a group', line: at + 1 };
};

const FINDERS: readonly Finder[] = [
  firstMatch('an out-of-tree patch splits groups (pcie_acs_override)', /pcie_acs_override=/),
  conflictingGroups,
  damagedGroupLine,
];

/** What the text itself shows of the cause of a difference. */
export const findEvidence = (text: string): Evidence | undefined => {
  const lines = text.split(/\r?\n/);
  for (const find of FINDERS) {
    const evidence = find(lines);
    if (evidence) return evidence;
  }
  return undefined;
};
