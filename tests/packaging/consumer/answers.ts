import { type ExplainReport, explain, type GroupsReport, groupsReport, Trials } from '@iommu/analysis';
import { toSvg } from '@iommu/export';
import { boot, type RunningMachine } from '@iommu/machine';
import { machineFromJson } from '@iommu/machine/json';
import { rootEntries, sysfsOf, treeLines } from '@iommu/sysfs/tree';
import { drivers } from './drivers.js';

/** What is asked of a machine. */
export interface Answers {
  readonly groups: GroupsReport;
  /** Why each device is where it is: rule, text and source. */
  readonly reasons: Readonly<Record<string, readonly (readonly [string, string, string])[]>>;
  /** Of a group of several devices why its first two share it, and what would part them. */
  readonly explained: ExplainReport;
  /** `/sys` with what its files hold. */
  readonly tree: string;
  /** How many entries a copy of it would have. */
  readonly entries: number;
  readonly svg: string;
}

const pairOf = ({ groups }: GroupsReport): readonly [string, string?] => {
  const [first, second] = (groups.find(({ devices }) => devices.length > 1) ?? groups[0])?.devices ?? [];
  if (first === undefined) throw new Error('the machine has no group');
  return second === undefined ? [first] : [first, second];
};

const reasonsOf = (running: RunningMachine): Answers['reasons'] =>
  Object.fromEntries(
    running.devices.map((device) => [
      device.name,
      running.outcomeOf(device).reasons.map(({ rule, text, source }) => [rule, text, source] as const),
    ]),
  );

/** @param json - The text of a `machine.json`. */
export const answersTo = (json: string): Answers => {
  const machine = machineFromJson(JSON.parse(json));
  const trials = new Trials(machine, { drivers: drivers(), cap: 200 });
  const { running } = trials.base;
  const optimistic = boot(machine, { drivers: drivers(), unknown: 'optimistic' });
  const groups = groupsReport(running);
  const { root } = sysfsOf(running);
  return {
    groups,
    reasons: reasonsOf(running),
    explained: explain(trials, optimistic, ...pairOf(groups)),
    tree: [...treeLines(root, { contents: true })].join('\n'),
    entries: [...rootEntries(root)].length,
    svg: toSvg(running),
  };
};
