import {
  applyChanges,
  type Change,
  type ExplainReport,
  everyChange,
  explain,
  formatChange,
  parseChanges,
  Trials,
} from '@iommu/analysis';
import { isIommuError } from '@iommu/core';
import { boot, type Machine } from '@iommu/machine';
import { expect } from 'vitest';
import { allDrivers } from './drivers.js';

/*
 * What an explanation claims, held against the model: by making changes and booting, by nothing that explaining uses.
 */

const drivers = allDrivers();

type Pair = readonly [a: string, b: string];
type Outcome = 'together' | 'apart' | 'ungrouped' | 'impossible';

/** Makes changes to a machine and boots it, by nothing that explaining uses; each set once. */
class Check {
  readonly #machine: Machine;
  readonly #known = new Map<string, ((name: string) => object | undefined) | null>();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  outcome(changes: readonly Change[], a: string, b: string): Outcome {
    const key = changes.map(formatChange).join('\n');
    let groupOf = this.#known.get(key);
    if (groupOf === undefined) {
      groupOf = this.#make(changes);
      this.#known.set(key, groupOf);
    }
    if (!groupOf) return 'impossible';
    const [one, other] = [groupOf(a), groupOf(b)];
    if (!one || !other) return 'ungrouped';
    return one === other ? 'together' : 'apart';
  }

  #make(changes: readonly Change[]): ((name: string) => object | undefined) | null {
    try {
      const { machine, policy, addresses } = applyChanges(this.#machine, changes, { drivers });
      const { iommu, devices } = boot(machine, { drivers, ...(policy !== undefined && { policy }) });
      const groups = new Map(devices.map((device) => [device.name, iommu.groups.of(device)]));
      return (name) => groups.get(addresses.get(name) ?? name);
    } catch (error) {
      if (isIommuError(error, 'ERR_CHANGE') || isIommuError(error, 'ERR_CHANGE_UNKNOWN')) return null;
      throw error;
    }
  }
}

/** Every set of changes with one less: a change, or one entry of a list. */
const lessOne = (changes: readonly Change[]): Change[][] =>
  changes.flatMap((change, at) => {
    const others = changes.filter((_, index) => index !== at);
    const [, list = ''] = (change.kind === 'command-line' && /^pci=config_acs=(\S+)$/.exec(change.words)) || [];
    const entries = list.split(';');
    if (entries.length < 2) return [others];
    return entries.map((_, entry): Change[] => [
      ...others,
      { kind: 'command-line', words: `pci=config_acs=${entries.filter((__, index) => index !== entry).join(';')}` },
    ]);
  });

const holdsTogether = ({ links, devices }: ExplainReport): void => {
  const [a = '', b = ''] = devices;
  let at = a;
  for (const { device, joined } of links) {
    expect([device, joined]).toContain(at);
    expect(joined).not.toBeNull();
    at = (device === at ? joined : device) ?? '';
  }
  expect(at).toBe(b);
};

/** Rules that go by ACS. */
const BY_ACS = ['acs-missing-upstream', 'multifunction-without-acs'];

/** Each sentence names whom it is about, the component, and the bits. */
const saysSomething = ({ links, isolation, relation }: ExplainReport): void => {
  for (const { text, device, joined, components, source, sentence, rule } of links) {
    if (relation !== 'ungrouped') {
      expect(text).toContain(device);
      expect(components.length > 0 || text.endsWith('no bridge is above it.')).toBe(true);
    }
    if (joined !== null) expect(text).toContain(joined);
    expect(source).not.toBe('');
    expect(sentence).toMatch(/\.$/);
    const [failing] = components.filter(({ isolates }) => !isolates);
    if (!BY_ACS.includes(rule)) continue;
    expect(failing).toBeDefined();
    expect(text).toContain(failing?.device);
    if (failing?.basis === 'flags') expect(text).toContain(`lacks ${failing.missing} (ACS control:`);
  }
  for (const { text, basis, needed } of isolation) {
    expect(text).not.toBe('');
    if (basis === 'flags') expect(text).toBe(`has ${needed || 'nothing to control'} set`);
  }
};

const isConfirmed = (
  check: Check,
  report: ExplainReport,
  wanted: 'apart' | 'together',
  every: readonly Change[],
): void => {
  const [a = '', b = ''] = report.devices;
  for (const { changes } of report.ways) {
    const set = parseChanges(changes.join(' '));
    expect(check.outcome(set, a, b), changes.join(', ')).toBe(wanted);
    for (const less of lessOne(set))
      expect(check.outcome(less, a, b), `${changes.join(', ')} less one`).not.toBe(wanted);
  }
  if (report.ways.length > 0) return;
  expect(report.exhaustive).toBe(true);
  for (const change of every) expect(check.outcome([change], a, b), formatChange(change)).not.toBe(wanted);
};

/**
 * Explain pairs of a machine, and hold each explanation against the model.
 *
 * @param choose - Which of all pairs.
 */
export const confirmPairs = (machine: Machine, choose: (pairs: readonly Pair[]) => readonly Pair[]): void => {
  const trials = new Trials(machine, { drivers, cap: 100_000 });
  const { running } = trials.base;
  const optimistic = boot(machine, { drivers, unknown: 'optimistic' });
  const check = new Check(machine);
  const names = running.devices.map(({ name }) => name);
  const pairs = names.flatMap((a, at) => names.slice(at + 1).map((b): Pair => [a, b]));
  const every = everyChange(trials.base);
  for (const [a, b] of choose(pairs)) {
    const report = explain(trials, optimistic, a, b);
    saysSomething(report);
    const { relation } = report;
    expect(relation).toBe(check.outcome([], a, b));
    if (relation === 'together') {
      holdsTogether(report);
      isConfirmed(check, report, 'apart', every);
    }
    if (relation === 'apart') {
      expect(report.isolation.length > 0 || report.rootComplex).toBe(true);
      isConfirmed(check, report, 'together', every);
    }
  }
};
