import { type IommuDriver, isIommuError } from '@iommu/core';
import { boot, type RunningMachine } from '@iommu/machine';
import type { Bounds } from '../compare-policies.js';
import {
  acsDifference,
  type Difference,
  hardwareDifferences,
  hasOtherAcs,
  isSameTable,
  kernelDifferences,
  tableDifference,
  tablesOf,
} from './differences.js';
import type { MatchedDevice, Matching } from './match-devices.js';
import { DEVICE_TREE, type Mix, Mixer, type SideName, wholly } from './mixed-machine.js';

/** Above so many functions with other bits, these are tried together, not one by one. */
const MOST_ACS_TRIALS = 64;

/** What can be taken from the other machine by itself. */
export interface Part {
  /** In which the machines differ by it; several where one cannot be taken without the others. */
  readonly differences: readonly Difference[];
  /** Told of only when groups rest on it. */
  readonly isMinor: boolean;
  /** Take this part from the other side. */
  readonly flip: (mix: Mix) => Mix;
}

const other = (side: SideName): SideName => (side === 'before' ? 'after' : 'before');

const flipped = (set: ReadonlySet<string>, names: readonly string[]): ReadonlySet<string> => {
  const result = new Set(set);
  for (const name of names) if (!result.delete(name)) result.add(name);
  return result;
};

const NO_DEVICES: Difference['devices'] = { before: [], after: [] };

export interface PartsOptions {
  /** What mixtures of the two machines are booted with; as the machines themselves were, or trials explain nothing. */
  readonly drivers: readonly IommuDriver[];
  /** Rules to boot them with; absent: those of each one's kernel. */
  readonly policy?: string;
}

/** Finds out in which parts two machines differ, and boots mixtures of them. */
export class Parts {
  readonly #before: RunningMachine;
  readonly #after: RunningMachine;
  readonly #matching: Matching;
  readonly #mixer: Mixer;
  readonly #options: PartsOptions;

  constructor(base: Bounds, changed: Bounds, matching: Matching, options: PartsOptions) {
    this.#before = base.running;
    this.#after = changed.running;
    this.#matching = matching;
    this.#options = options;
    this.#mixer = new Mixer(this.#before, this.#after, matching.names, options.drivers);
  }

  /** @returns `undefined` when parts of the two do not make a machine together. */
  boot(mix: Mix): RunningMachine | undefined {
    const { drivers, policy } = this.#options;
    try {
      return boot(this.#mixer.mix(mix), { drivers, ...(policy !== undefined && { policy }) });
    } catch (error) {
      if (isIommuError(error)) return undefined;
      throw error;
    }
  }

  find(): Part[] {
    const [a, b] = [this.#before.machine, this.#after.machine];
    const hardware = hardwareDifferences(this.#before, this.#after, this.#matching);
    return [
      ...(hardware.length > 0 ? [part(hardware, (mix) => ({ ...mix, hardware: other(mix.hardware) }))] : []),
      ...this.#tables(),
      ...kernelDifferences(a, b).map((one) =>
        one.kind === 'kernel'
          ? part([one], (mix) => ({ ...mix, kernel: other(mix.kernel) }))
          : part([one], (mix) => ({ ...mix, commandLine: other(mix.commandLine) })),
      ),
      ...this.#acs(),
      ...this.#minor(),
    ];
  }

  #tables(): Part[] {
    const [own, there] = [tablesOf(this.#before.machine), tablesOf(this.#mixer.carried('before'))];
    const [fresh, back] = [tablesOf(this.#after.machine), tablesOf(this.#mixer.carried('after'))];
    if (!own || !there || !fresh || !back) return [];
    return [...new Set([...own.keys(), ...fresh.keys()])].sort().flatMap((name) => {
      const [before, after] = [own.get(name), fresh.get(name)];
      if (isSameTable(name, there.get(name), after) || isSameTable(name, before, back.get(name))) return [];
      // What was written anew for other hardware may say the same in another way, and a device tree holds random seeds.
      const isWrittenAnew =
        !isSameTable(name, before, there.get(name)) ||
        !isSameTable(name, back.get(name), after) ||
        name === DEVICE_TREE;
      const flip = (mix: Mix): Mix => ({ ...mix, otherTables: flipped(mix.otherTables, [name]) });
      return [part([tableDifference(name, before, after)], flip, isWrittenAnew)];
    });
  }

  /** Functions with ACS that neither side has by what its kernel makes of the other's bits. */
  #acs(): Part[] {
    const { names, replaced } = this.#matching;
    const isOther = new Set(replaced.map(({ before }) => before));
    const [onAfter, onBefore] = [
      this.boot({ ...wholly('after'), acs: 'before' }) ?? this.#before,
      this.boot({ ...wholly('before'), acs: 'after' }) ?? this.#after,
    ];
    const isSameBoot = kernelDifferences(this.#before.machine, this.#after.machine).length === 0;
    const found = [...names].flatMap(([before, after]): MatchedDevice[] => {
      const isUnexplained =
        hasOtherAcs(onAfter, this.#after, after, isSameBoot) || hasOtherAcs(this.#before, onBefore, before, isSameBoot);
      return isUnexplained && !isOther.has(before) ? [{ before, after }] : [];
    });
    const flip =
      (functions: readonly MatchedDevice[]) =>
      (mix: Mix): Mix => ({
        ...mix,
        otherAcs: flipped(
          mix.otherAcs,
          functions.map(({ before }) => before),
        ),
      });
    const differenceOf = (one: MatchedDevice): Difference => acsDifference(this.#before, this.#after, one);
    if (found.length > MOST_ACS_TRIALS) return [part(found.map(differenceOf), flip(found))];
    return found.map((one) => part([differenceOf(one)], flip([one])));
  }

  #minor(): Part[] {
    const [a, b] = [this.#before.machine, this.#after.machine];
    const bare = (kind: Difference['kind'], before: string, after: string): Difference => ({
      kind,
      devices: NO_DEVICES,
      before,
      after,
    });
    const registers =
      JSON.stringify(a.units) === JSON.stringify(b.units)
        ? []
        : [
            part(
              [bare('iommu-registers', 'as before', 'as after')],
              (mix) => ({ ...mix, units: other(mix.units) }),
              true,
            ),
          ];
    const drivers = part(
      [bare('drivers', 'as before', 'as after')],
      (mix) => ({ ...mix, probes: other(mix.probes) }),
      true,
    );
    return [...registers, ...(this.#hasOtherDrivers() ? [drivers] : [])];
  }

  #hasOtherDrivers(): boolean {
    const { names } = this.#matching;
    const order = JSON.stringify(this.#mixer.carried('before').probes?.order);
    if (order !== JSON.stringify(this.#after.machine.probes?.order)) return true;
    const driverOf = (running: RunningMachine, name: string) => running.topology.find(name)?.description.driver;
    return [...names].some(([was, now]) => driverOf(this.#before, was) !== driverOf(this.#after, now));
  }
}

const part = (differences: readonly Difference[], flip: Part['flip'], isMinor = false): Part => ({
  differences,
  isMinor,
  flip,
});
