import { releaseBefore } from '@iommu/machine';
import { type AcsVerdict, bridgeAbove, type PciDevice } from '@iommu/pci';
import { type Change, formatChange } from '../change/change.js';
import type { PluggedCard } from '../change/places.js';
import { deviceAfter, type Trial, type Trials } from '../trials.js';
import { concernedBy } from './concerned.js';
import { configAcsOf, everyChangeOf, mayHaveAcs, newerKernels, sameKernel } from './every-change.js';
import type { ExplainedWay } from './explain-report.js';
import { linksBetween, linksOf, verdictsOf } from './links.js';
import { type Goal, isReached, merged, minimalSet } from './minimal.js';

/** How often what still joins two devices is looked up anew, after what was found before was changed. */
const ROUNDS = 8;

const kindOf = (changes: readonly Change[]): ExplainedWay['kind'] => {
  const kinds = new Set(
    changes.map(({ kind }): ExplainedWay['kind'] => {
      if (kind === 'acs') return 'firmware';
      if (kind === 'command-line' || kind === 'kernel') return kind;
      return kind === 'move' || kind === 'swap' ? 'slot' : 'several';
    }),
  );
  const [only = 'several', ...more] = kinds;
  return more.length === 0 ? only : 'several';
};

const wayOf = (changes: readonly Change[]): ExplainedWay => ({
  kind: kindOf(changes),
  changes: merged(changes).map(formatChange),
});

/** What a device of a changed machine was called before. */
const nameBefore = ({ changed }: Trial, name: string): string | undefined => {
  for (const [was, now] of changed.addresses) if (now === name) return was;
  return undefined;
};

/** Functions that fail to isolate on the recorded way from one device to another. */
const failingBetween = (trial: Trial, { a, b }: Goal): PciDevice[] => {
  const { running } = trial;
  const [from, to] = [deviceAfter(trial, a), deviceAfter(trial, b)];
  const group = from && running.iommu.groups.of(from);
  const chain = (group && from && to && linksBetween(linksOf(running, group), from, to)) ?? [];
  const failing = chain.flatMap(({ reason }) => verdictsOf(reason)).filter(({ isolated }) => !isolated);
  return [...new Set(failing.map(({ device }) => device))].filter(mayHaveAcs);
};

type Setting = (device: PciDevice, name: string) => Change | undefined;

/** Ways to switch on the isolation that a function lacks. */
const SETTINGS: readonly Setting[] = [
  (device, name) => configAcsOf(device, name),
  (_, name) => ({ kind: 'acs', device: name, on: true }),
];

/** Switch on what is lacking on the way, and look again for as long as something else on the way is found lacking. */
const bySettings = (
  trials: Trials,
  goal: Goal,
  setting: Setting,
  start: readonly Change[] = [],
): readonly Change[] | undefined => {
  const known = new Map<string, Change>();
  for (let round = 0; round < ROUNDS; round++) {
    const trial = trials.of(merged([...start, ...known.values()]));
    if (!trial) return undefined;
    let isNew = false;
    for (const device of failingBetween(trial, goal)) {
      const name = nameBefore(trial, device.name);
      const change = name === undefined || known.has(name) ? undefined : setting(device, name);
      if (!change || name === undefined) continue;
      known.set(name, change);
      isNew = true;
    }
    if (!isNew) return undefined;
    const found = minimalSet(trials, [...start, ...known.values()], goal);
    if (found) return found;
  }
  return undefined;
};

/** A device, what it is a virtual function of, and the bridges above it. */
const withBridges = ({ base }: Trials, name: string): string[] => {
  const device = base.running.topology.find(name);
  const names: string[] = [];
  for (let at = device?.physicalFunction ?? device; at; at = bridgeAbove(at)) names.push(at.name);
  return names;
};

/** The cards that move when one of two devices does. */
const cardsWith = (trials: Trials, { a, b }: Goal): PluggedCard[] => {
  const names = [...withBridges(trials, a), ...withBridges(trials, b)];
  return trials.cards.filter(({ functions }) => functions.some((one) => names.includes(one)));
};

/** Every other place for the cards of two devices. */
const otherPlaces = (trials: Trials, goal: Goal): Change[] => cardsWith(trials, goal).flatMap(({ moves }) => moves);

/** Two cards that change places, where nothing is free. */
const exchanges = (trials: Trials, goal: Goal): Change[] => {
  return cardsWith(trials, goal).flatMap(({ functions: [device] }) => {
    if (device === undefined) return [];
    const others = trials.cards.flatMap(({ functions }) => (functions.includes(device) ? [] : (functions[0] ?? [])));
    return others.map((other) => ({ kind: 'swap' as const, device, with: other }));
  });
};

const reaching = (trials: Trials, candidates: readonly Change[], goal: Goal): (readonly Change[])[] =>
  candidates.filter((one) => isReached(trials, [one], goal)).map((one) => [one]);

const firstOf = <T>(...attempts: readonly (() => readonly T[])[]): readonly T[] => {
  for (const attempt of attempts) {
    const found = attempt();
    if (found.length > 0) return found;
  }
  return [];
};

/** Another slot, and what else has to be switched on there. */
const bySlotAndSettings = (trials: Trials, goal: Goal): (readonly Change[])[] => {
  for (const move of otherPlaces(trials, goal))
    for (const setting of SETTINGS) {
      const found = bySettings(trials, goal, setting, [move]);
      if (found) return [found];
    }
  return [];
};

/** What was found, and whether it is the last word. */
export interface Ways {
  readonly ways: readonly ExplainedWay[];
  /** Where there is none: every single change of the model to what has a say in it was tried. */
  readonly exhaustive: boolean;
}

const result = (trials: Trials, found: readonly (readonly Change[])[]): Ways => ({
  ways: [...new Map(found.map(wayOf).map((way) => [way.changes.join(), way])).values()],
  exhaustive: !trials.isExhausted,
});

/**
 * Everything that parts two devices of one group: settings of what is lacking on the recorded way between them, other
 * slots, a newer kernel; where none of these does, whatever single change of the model to what has a say in it does.
 */
export const waysToPart = (trials: Trials, a: string, b: string): Ways => {
  const goal: Goal = { a, b, wanted: 'apart' };
  const settings = SETTINGS.flatMap((setting) => {
    const found = bySettings(trials, goal, setting);
    return found ? [found] : [];
  });
  const slots = firstOf(
    () => reaching(trials, otherPlaces(trials, goal), goal),
    () => reaching(trials, exchanges(trials, goal), goal),
  );
  // Bits that are not what a kernel would have set go with any new boot: then it is not the release that does it.
  const isAnyBoot = sameKernel(trials.base).some((one) => isReached(trials, [one], goal));
  const kernels = isAnyBoot ? [] : reaching(trials, newerKernels(trials.base), goal);
  const found = firstOf(
    () => [...settings, ...slots, ...kernels],
    () => bySlotAndSettings(trials, goal),
    () => reaching(trials, everyChangeOf(trials, concernedBy(trials.base, a, b)), goal),
  );
  return result(trials, found);
};

/** Policies that have Linux believe in isolation, the narrowest first. */
const OVERRIDES = ['downstream', 'multifunction', 'downstream,multifunction'];

/** What parts two devices for Linux, and for nobody else: the first that does. */
export const waysOnPaper = (trials: Trials, a: string, b: string): readonly ExplainedWay[] => {
  const goal: Goal = { a, b, wanted: 'apart' };
  const policies = OVERRIDES.map((words): Change => ({ kind: 'policy', name: `acs-override=${words}` }));
  const found = policies.find((one) => isReached(trials, [one], goal));
  return found ? [wayOf([found])] : [];
};

/** Take away what isolates a function: its ACS, or the release that knows its quirk. */
const offOf = (verdict: AcsVerdict): Change[] => {
  const { device, basis, quirkSince } = verdict;
  if (basis === 'quirk' && quirkSince !== undefined) {
    const release = releaseBefore(quirkSince);
    return release === undefined ? [] : [{ kind: 'kernel', release }];
  }
  return basis === 'flags' || basis === 'quirk' ? [{ kind: 'acs', device: device.name, on: false }] : [];
};

/**
 * What joins two devices that are apart: without what isolates them, or behind another port; where neither does,
 * whatever single change of the model to what has a say in it does.
 *
 * @param isolating - The verdicts that keep them apart.
 */
export const waysToJoin = (trials: Trials, a: string, b: string, isolating: readonly AcsVerdict[]): Ways => {
  const goal: Goal = { a, b, wanted: 'together' };
  const off = isolating.flatMap(offOf);
  const without = minimalSet(
    trials,
    off.filter(({ kind }) => kind === 'acs'),
    goal,
  );
  const found = firstOf(
    () => [
      ...(without ? [without] : []),
      ...reaching(
        trials,
        off.filter(({ kind }) => kind === 'kernel'),
        goal,
      ),
    ],
    () => reaching(trials, otherPlaces(trials, goal), goal),
    () => reaching(trials, everyChangeOf(trials, concernedBy(trials.base, a, b)), goal),
  );
  return result(trials, found);
};
