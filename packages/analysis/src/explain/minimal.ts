import type { Change } from '../change/change.js';
import type { Relation, Trials } from '../trials.js';

/** Two devices, and what is wanted of them. */
export interface Goal {
  readonly a: string;
  readonly b: string;
  readonly wanted: Exclude<Relation, 'ungrouped'>;
}

const CONFIG_ACS = /^pci=config_acs=(\S+)$/;

/** Of several `config_acs=` the kernel hears only the last, so what they ask for goes into one. */
export const merged = (changes: readonly Change[]): readonly Change[] => {
  const entries: string[] = [];
  const others = changes.filter((change) => {
    const [, entry] = (change.kind === 'command-line' && CONFIG_ACS.exec(change.words)) || [];
    if (entry !== undefined) entries.push(entry);
    return entry === undefined;
  });
  return entries.length < 2
    ? changes
    : [...others, { kind: 'command-line', words: `pci=config_acs=${entries.join(';')}` }];
};

/** Whether some changes bring about what is wanted. */
export const isReached = (trials: Trials, changes: readonly Change[], { a, b, wanted }: Goal): boolean =>
  trials.relation(merged(changes), a, b) === wanted;

const without = (changes: readonly Change[], one: Change): Change[] => changes.filter((other) => other !== one);

/** Leave out of changes that reach a goal what is not needed for it: of what is left nothing can be left out. */
const reduced = (trials: Trials, changes: readonly Change[], goal: Goal): readonly Change[] => {
  let kept = changes;
  for (;;) {
    const now = kept;
    const needless = now.findLast((one) => now.length > 1 && isReached(trials, without(now, one), goal));
    if (!needless) return kept;
    kept = without(kept, needless);
  }
};

/**
 * The fewest of some candidates that reach a goal, as far as that can be found without trying all sets: one alone, else
 * as many as it takes in their order, without those that are not needed.
 */
export const minimalSet = (
  trials: Trials,
  candidates: readonly Change[],
  goal: Goal,
): readonly Change[] | undefined => {
  const single = candidates.find((one) => isReached(trials, [one], goal));
  if (single) return [single];
  let set: Change[] = [];
  for (const one of candidates) {
    const more = [...set, one];
    if (!trials.of(merged(more))) continue;
    set = more;
    if (set.length > 1 && isReached(trials, set, goal)) return reduced(trials, set, goal);
  }
  return undefined;
};
