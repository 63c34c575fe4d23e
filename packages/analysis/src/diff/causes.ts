import type { RunningMachine } from '@iommu/machine';
import { bridgeAbove } from '@iommu/pci';
import { computedSide, type Identities, partitionAs, type Side } from '../group-sides.js';
import { type Partition, sameMembers } from '../partition.js';
import type { Difference } from './differences.js';
import { type Mix, type SideName, wholly } from './mixed-machine.js';
import type { Part, Parts } from './parts.js';

/** The groups of a machine, every device under its name of both sides. */
interface Outcome {
  readonly partition: Partition;
  readonly types: ReadonlyMap<string, string | null>;
}

const outcomeOf = (side: Pick<Side, 'groups'>, name: (device: string) => string): Outcome => ({
  partition: partitionAs(side, name),
  types: new Map(side.groups.flatMap(({ type, devices }) => devices.map((device) => [name(device), type] as const))),
});

const SIDES = ['before', 'after'] as const;

type Test = (outcome: Outcome, like: Outcome) => boolean;

const groupsOf =
  (devices: readonly string[]): Test =>
  (outcome, like) =>
    devices.every((device) => sameMembers(outcome.partition.get(device), like.partition.get(device)));

const typeOf =
  (device: string): Test =>
  (outcome, like) =>
    outcome.types.get(device) === like.types.get(device);

/** Finds out which part of what differs between two machines gives which groups, by trying each on the model. */
export class Causes {
  readonly #parts: Parts;
  readonly #found: readonly Part[];
  readonly #identities: Identities;
  readonly #sides: Readonly<Record<SideName, Outcome>>;
  readonly #running: { readonly before: RunningMachine; readonly after: RunningMachine };
  readonly #known = new Map<string, Outcome | undefined>();

  constructor(
    parts: Parts,
    sides: { readonly before: Side; readonly after: Side },
    running: { readonly before: RunningMachine; readonly after: RunningMachine },
    identities: Identities,
  ) {
    this.#parts = parts;
    this.#found = parts.find();
    this.#identities = identities;
    this.#running = running;
    this.#sides = {
      before: outcomeOf(sides.before, (name) => identities.ofBefore(name)),
      after: outcomeOf(sides.after, (name) => name),
    };
  }

  get parts(): readonly Part[] {
    return this.#found;
  }

  /** What comes out with some parts taken from the other side, all else as on this. */
  #outcome(side: SideName, flips: readonly Part[]): Outcome | undefined {
    const key = `${side} ${flips.map((one) => this.#found.indexOf(one)).join()}`;
    if (!this.#known.has(key)) {
      const mix: Mix = flips.reduce((mixed, { flip }) => flip(mixed), wholly(side));
      const running = this.#parts.boot(mix);
      const name = (device: string): string => (mix.hardware === 'before' ? this.#identities.ofBefore(device) : device);
      this.#known.set(key, running && outcomeOf(computedSide(running), name));
    }
    return this.#known.get(key);
  }

  /** Whether a part, taken from the other side alone, makes something else of either. */
  #matters(one: Part, test: Test): boolean {
    return SIDES.some((side) => {
      const [own, mixed] = [this.#outcome(side, []), this.#outcome(side, [one])];
      return own !== undefined && mixed !== undefined && !test(mixed, own);
    });
  }

  /** The fewest that together make of one side what the other has, as far as leaving out one by one finds them. */
  #together(test: Test): readonly Part[] {
    const isReached = (parts: readonly Part[]): boolean => {
      const rest = this.#found.filter((one) => !parts.includes(one));
      const outcome = this.#outcome('after', rest);
      return outcome !== undefined && test(outcome, this.#sides.after);
    };
    let kept: readonly Part[] = this.#found;
    for (const one of this.#found) {
      const less = kept.filter((part) => part !== one);
      if (isReached(less)) kept = less;
    }
    return kept;
  }

  /** The model must have what is to be explained, or its trials explain nothing. */
  #isModelled(test: Test): boolean {
    return SIDES.every((side) => {
      const own = this.#outcome(side, []);
      return own !== undefined && test(own, this.#sides[side]);
    });
  }

  #find(test: Test): readonly Part[] {
    if (!this.#isModelled(test)) return [];
    const single = this.#found.filter((one) => this.#matters(one, test));
    const major = single.filter(({ isMinor }) => !isMinor);
    if (major.length > 0) return major;
    return single.length > 0 ? single : this.#together(test);
  }

  /** Whether a difference concerns devices, or what they hang on. */
  #touches({ devices }: Difference, names: readonly string[]): boolean {
    const below = (running: RunningMachine, name: string | null, known: readonly string[]): boolean => {
      const device = name === null ? undefined : running.topology.find(name);
      for (let at = device?.physicalFunction ?? device; at; at = bridgeAbove(at))
        if (known.includes(at.name)) return true;
      return false;
    };
    return names.some(
      (one) =>
        below(this.#running.before, this.#identities.nameBefore(one), devices.before) ||
        below(this.#running.after, this.#identities.isGone(one) ? null : one, devices.after),
    );
  }

  #told(parts: readonly Part[], names: readonly string[]): readonly Difference[] {
    return parts.flatMap(({ differences }) => {
      const own = differences.filter((one) => this.#touches(one, names));
      return own.length > 0 ? own : differences;
    });
  }

  /** Why devices have other groups. @param names - Under their names of both sides. */
  ofGroups(names: readonly string[]): readonly Difference[] {
    return this.#told(this.#find(groupsOf(names)), names);
  }

  /** Why a group has another type. */
  ofType(name: string): readonly Difference[] {
    return this.#told(this.#find(typeOf(name)), [name]);
  }
}
