import { type IommuDriver, isIommuError } from '@iommu/core';
import { boot, type Machine, type RunningMachine, toBase64 } from '@iommu/machine';
import { applyChanges, type ChangedMachine } from './change/apply-change.js';
import { type Change, formatChange } from './change/change.js';
import { cardsOf, type PluggedCard } from './change/places.js';

/** A machine with some changes made to it, booted. */
export interface Trial {
  /** As they were asked for: addresses are those of the machine before all of them. */
  readonly changes: readonly Change[];
  /** What `applyChanges()` made of the machine. */
  readonly changed: ChangedMachine;
  /** Booted pessimistically. Whoever asks for the same changes gets the same object: look at it, do not change it. */
  readonly running: RunningMachine;
}

/** What trials boot with, and how many there may be. */
export interface TrialOptions {
  /**
   * For every boot, in the order in which they are asked; they also write firmware tables anew where hardware moves.
   */
  readonly drivers: readonly IommuDriver[];
  /** Rules to boot with, unless a change brings others. */
  readonly policy?: string;
  /** How many machines may be booted in all; default 2,000. */
  readonly cap?: number;
}

const DEFAULT_CAP = 2000;

/** What became of two devices: one group, two, or not both of them have one. */
export type Relation = 'together' | 'apart' | 'ungrouped';

/** The words of a change, with what they shorten. */
const keyOf = (change: Change): string => {
  const words = formatChange(change);
  if (change.kind === 'add') return `${words} ${JSON.stringify(change.card)}`;
  return change.kind === 'table' ? `${words} ${toBase64(change.bytes)}` : words;
};

const wordsOf = (changes: readonly Change[]): string => changes.map(keyOf).join('\n');

/** Tries changes on one machine; each set of changes is made and booted once. */
export class Trials {
  /** Without what was observed of its groups, which holds for no other. */
  readonly machine: Machine;
  readonly #options: TrialOptions;
  /** By the words of the changes; `null`: they cannot be made. */
  readonly #known = new Map<string, Trial | null>();
  /** By the words of the changes: of many machines more cannot be kept. */
  readonly #partitions = new Map<string, Partition>();
  #left: number;
  #cards: readonly PluggedCard[] | undefined;

  constructor({ observed: _observed, ...machine }: Machine, options: TrialOptions) {
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

  /**
   * The machine with these changes, booted when they are first asked for.
   *
   * @returns `undefined` when the changes cannot be made to the machine, or no more may be booted.
   * @throws IommuError `ERR_POLICY`, and what `boot()` throws, as for a table that cannot be read
   */
  of(changes: readonly Change[]): Trial | undefined {
    const words = wordsOf(changes);
    const known = this.#known.get(words);
    if (known !== undefined) return known ?? undefined;
    const trial = this.#make(changes);
    if (trial) this.#known.set(words, trial);
    return trial;
  }

  /**
   * What becomes of two devices. Of the machine that is booted for it only the partition is kept, so that many can be
   * tried.
   *
   * @param a - Names of devices before the changes, as is `b`.
   * @returns `undefined` as {@link of}
   */
  relation(changes: readonly Change[], a: string, b: string): Relation | undefined {
    const words = wordsOf(changes);
    const partition = this.#partitions.get(words) ?? this.#partitionAfter(changes, words);
    return partition && relate(partition(a), partition(b));
  }

  #partitionAfter(changes: readonly Change[], words: string): Partition | undefined {
    const kept = this.#known.get(words);
    const trial = kept === undefined ? this.#make(changes) : kept;
    if (!trial) return undefined;
    const partition = partitionOf(trial);
    this.#partitions.set(words, partition);
    return partition;
  }

  #make(changes: readonly Change[]): Trial | undefined {
    const changed = this.#change(changes);
    if (!changed) return undefined;
    const { drivers, policy } = this.#options;
    const rules = changed.policy ?? policy;
    // What changes nothing need not be booted.
    if (changes.length > 0 && changed.machine === this.machine && rules === policy)
      return { changes, changed, running: this.base.running };
    if (changes.length > 0 && --this.#left < 0) return undefined;
    const running = boot(changed.machine, { drivers, ...(rules !== undefined && { policy: rules }) });
    return { changes, changed, running };
  }

  /** Those that cannot be made are remembered. */
  #change(changes: readonly Change[]): ChangedMachine | undefined {
    try {
      return applyChanges(this.machine, changes, { drivers: this.#options.drivers });
    } catch (error) {
      if (!isIommuError(error, 'ERR_CHANGE') && !isIommuError(error, 'ERR_CHANGE_UNKNOWN')) throw error;
      this.#known.set(wordsOf(changes), null);
      return undefined;
    }
  }
}

/** Where a device of the machine before the changes is after them; `undefined`: it is gone. */
export const deviceAfter = ({ changed, running }: Trial, name: string) =>
  running.find(changed.addresses.get(name) ?? name);

const relate = (one: unknown, other: unknown): Relation => {
  if (one === undefined || other === undefined) return 'ungrouped';
  return one === other ? 'together' : 'apart';
};

/**
 * What became of two devices in a trial.
 *
 * @param a - Names of devices before the changes, as is `b`.
 */
export const relationIn = (trial: Trial, a: string, b: string): Relation => {
  const { groups } = trial.running.iommu;
  const [first, second] = [deviceAfter(trial, a), deviceAfter(trial, b)];
  return relate(first && groups.of(first), second && groups.of(second));
};

/** A number for the group of each device by its name before the changes; the same for those that share one. */
type Partition = (name: string) => number | undefined;

const partitionOf = ({ changed, running }: Trial): Partition => {
  const numbers = new Map<string, number>();
  let number = 0;
  for (const { devices } of running.iommu.groups) {
    for (const { name } of devices) numbers.set(name, number);
    number++;
  }
  const { addresses } = changed;
  return (name) => numbers.get(addresses.get(name) ?? name);
};
