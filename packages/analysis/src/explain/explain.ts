import type { Device, Group } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { type AcsVerdict, isPciDevice } from '@iommu/pci';
import { relationIn, type Trials } from '../trials.js';
import { componentOf } from './components.js';
import type { ExplainedGroup, ExplainReport } from './explain-report.js';
import { type Isolation, isolationOf } from './isolation.js';
import { explainedLink, type Link, linksBetween, linksOf, linksUp } from './links.js';
import { unknownFacts } from './unknown-facts.js';
import { type Ways, waysOnPaper, waysToJoin, waysToPart } from './ways.js';

const NO_WAYS: Ways = { ways: [], exhaustive: true };
const NO_ISOLATION: Isolation = { verdicts: [], rootComplex: false };

const groupReport = (running: RunningMachine, group: Group | undefined): ExplainedGroup | null =>
  group ? { id: running.idIsKnown(group) ? group.id : null, devices: group.devices.map(({ name }) => name) } : null;

/** Why a device is where it is, or has no group. */
const ownLinks = (running: RunningMachine, device: Device): Link[] => {
  const group = running.iommu.groups.of(device);
  if (group) return linksOf(running, group).filter((link) => link.device === device);
  return running.outcomeOf(device).reasons.map((reason) => ({ device, joined: undefined, reason }));
};

/** The parts of an answer that depend on what was asked. */
type Answer = Pick<ExplainReport, 'relation'> & {
  readonly links: readonly Link[];
  readonly isolation: Isolation;
  readonly ways: Ways;
  readonly onPaper: ExplainReport['onPaper'];
};

const answer = (parts: Partial<Answer> & Pick<Answer, 'relation' | 'links'>): Answer => ({
  isolation: NO_ISOLATION,
  ways: NO_WAYS,
  onPaper: [],
  ...parts,
});

const partings = (trials: Trials, a: string, b: string): Pick<Answer, 'ways' | 'onPaper'> => ({
  ways: waysToPart(trials, a, b),
  onPaper: waysOnPaper(trials, a, b),
});

/** Why one device is in its group; what would part it from the one that it joined. */
const explainOne = (trials: Trials, device: Device): Answer => {
  const { running } = trials.base;
  const group = running.iommu.groups.of(device);
  if (!group) return answer({ relation: 'ungrouped', links: ownLinks(running, device) });
  const links = linksUp(linksOf(running, group), device);
  const relation = group.devices.length > 1 ? 'shared' : 'alone';
  const joined = links[0]?.joined;
  return answer({ relation, links, ...(joined && partings(trials, device.name, joined.name)) });
};

const explainTwo = (trials: Trials, a: Device, b: Device): Answer => {
  const { running } = trials.base;
  const { groups } = running.iommu;
  const [one, other] = [groups.of(a), groups.of(b)];
  const own = [...ownLinks(running, a), ...ownLinks(running, b)];
  if (!one || !other) return answer({ relation: 'ungrouped', links: own });
  if (one === other) {
    const links = linksBetween(linksOf(running, one), a, b) ?? own;
    return answer({ relation: 'together', links, ...partings(trials, a.name, b.name) });
  }
  const isolation = isPciDevice(a) && isPciDevice(b) ? isolationOf(a, b) : NO_ISOLATION;
  return answer({
    relation: 'apart',
    links: own,
    isolation,
    ways: waysToJoin(trials, a.name, b.name, isolation.verdicts),
  });
};

/** Whether facts that are missing leave the relation of two devices, or who shares a group with one, as it is. */
const isSure = ({ base }: Trials, optimistic: RunningMachine, names: readonly string[]): boolean => {
  const { running } = base;
  if (running.contested.size > 0 && names.some((name) => running.contested.has(running.device(name)))) return false;
  const [a = '', b] = names;
  const members = (machine: RunningMachine): string =>
    (machine.iommu.groups.of(machine.device(a))?.devices ?? []).map(({ name }) => name).join(' ');
  if (b === undefined) return members(running) === members(optimistic);
  return relationIn(base, a, b) === relationIn({ ...base, running: optimistic }, a, b);
};

const factsOf = ({ links, isolation }: Answer): string[] => [
  ...links.flatMap(({ reason }) => reason.unknown ?? []),
  ...isolation.verdicts.flatMap(({ unknown }: AcsVerdict) => unknown ?? []),
];

/**
 * Explain why a device is in its group; or why two share one, or do not; and what would change it.
 *
 * Reasons are those that were recorded when groups formed. What would change the answer was tried on the model, each set
 * of changes as a whole and with any one left out.
 *
 * @param trials - On the machine in question, with unknown facts taken pessimistically.
 * @param optimistic - The same machine booted optimistically; may be the machine of the trials where nothing is unknown.
 * @throws IommuError `ERR_DEVICE_UNKNOWN`
 */
export const explain = (trials: Trials, optimistic: RunningMachine, a: string, b?: string): ExplainReport => {
  const { running } = trials.base;
  const devices = [running.device(a), ...(b === undefined ? [] : [running.device(b)])];
  const [first, second] = devices as [Device, Device?];
  const found = second && second !== first ? explainTwo(trials, first, second) : explainOne(trials, first);
  const asked = second === first ? [first] : devices;
  const names = asked.map(({ name }) => name);
  const { kernel, machine } = running;
  const certain = running === optimistic || isSure(trials, optimistic, names);
  return {
    schema: 1,
    machine: { name: machine.name ?? null, kernel: kernel.release ?? null, arch: kernel.arch },
    devices: names,
    relation: found.relation,
    certain,
    groups: asked.map((device) => groupReport(running, running.iommu.groups.of(device))),
    links: found.links.map(explainedLink),
    isolation: found.isolation.verdicts.map(componentOf),
    rootComplex: found.isolation.rootComplex,
    ways: found.ways.ways,
    onPaper: found.onPaper,
    exhaustive: found.ways.exhaustive,
    unknown: unknownFacts(factsOf(found)),
  };
};
