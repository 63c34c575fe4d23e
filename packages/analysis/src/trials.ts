import { type IommuDriver, isIommuError } from '@iommu/core';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { applyChanges, type ChangedMachine } from './change/apply-change.js';
import { type Change, formatChange } from './change/change.js';
import { cardsOf, type PluggedCard } from './change/places.js';

/** A machine with some changes made to it, booted. */
export interface Trial {
  readonly changes: readonly Change[];
  readonly changed: ChangedMachine;
  readonly running: RunningMachine;
}

/** What trials boot with, and how many there may be. */
export interface TrialOptions {
  readonly drivers: readonly IommuDriver[];
  /** Rules to boot with, unless a change brings others. */
  readonly policy?: string;
  /** How many machines may be booted in all; default 2,000. */
  readonly cap?: number;
}

const DEFAULT_CAP = 2000;

/** What became of two devices: one group, two, or not both of them have one. */
export type Relation = 'together' | 'apart' | 'ungrouped';

/** Tries changes on one machine; each set of changes is made and booted once. */
export class Trials {
  readonly machine: Machine;
  readonly #options: TrialOptions;
  /** By the words of the changes; `null`: they cannot be made. */
  readonly #known = new Map<string, Trial | null>();
  #left: number;
  #cards: readonly PluggedCard[] | undefined;

  constructor(machine: Machine, options: TrialOptions) {
    this.machine = machine;
    this.#options = options;
    this.#left = options.cap ?? DEFAULT_CAP;
  }

  /** Whether more was asked for than may be booted: then an answer is not the last word. */
  get isExhausted(): boolean {
    return this.#left < 0;
  }

  /** The cards of the machine, each with every place where it could go. */
  get cards(): readonly PluggedCard[] {
    this.#cards ??= cardsOf(this.machine);
    return this.#cards;
  }

  /** The machine as it is. */
  get base(): Trial {
    const trial = this.of([]);
    if (trial) return trial;
    throw new Error('a machine without changes cannot be refused');
  }

  /** @returns `undefined` when the changes cannot be made to the machine, or no more may be booted. */
  of(changes: readonly Change[]): Trial | undefined {
    const key = changes.map(formatChange).join('\n');
    const known = this.#known.get(key);
    if (known !== undefined) return known ?? undefined;
    if (changes.length > 0 && --this.#left < 0) return undefined;
    const trial = this.#make(changes);
    this.#known.set(key, trial);
    return trial ?? undefined;
  }

  #make(changes: readonly Change[]): Trial | null {
    const { drivers, policy } = this.#options;
    try {
      const changed = applyChanges(this.machine, changes, { drivers });
      const rules = changed.policy ?? policy;
      const running = boot(changed.machine, { drivers, ...(rules !== undefined && { policy: rules }) });
      return { changes, changed, running };
    } catch (error) {
      if (isIommuError(error, 'ERR_CHANGE') || isIommuError(error, 'ERR_CHANGE_UNKNOWN')) return null;
      throw error;
    }
  }
}

/** Where a device of the machine before the changes is after them; `undefined`: it is gone. */
export const deviceAfter = ({ changed, running }: Trial, name: string) =>
  running.find(changed.addresses.get(name) ?? name);

/**
 * What became of two devices in a trial.
 *
 * @param a - Names of devices before the changes, as is `b`.
 */
export const relationIn = (trial: Trial, a: string, b: string): Relation => {
  const { groups } = trial.running.iommu;
  const [first, second] = [deviceAfter(trial, a), deviceAfter(trial, b)];
  const [one, other] = [first && groups.of(first), second && groups.of(second)];
  if (!one || !other) return 'ungrouped';
  return one === other ? 'together' : 'apart';
};
