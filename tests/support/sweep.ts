/** Whether every case of a sweep is wanted (`npm run test:full`) rather than a sample. */
export const isFull: boolean = process.env['IOMMU_TEST_FULL'] === '1';

/** What part of a sample is tried: all of it, but where tests run thousands of times (mutation testing). */
const share = Number(process.env['IOMMU_TEST_SHARE'] ?? 1);

/** How many cases of a property to try: the whole number in a full run, else a part of it. */
export const runs = (whole: number, sample: number): number => (isFull ? whole : Math.ceil(sample * share));

/**
 * A small generator for choices that fast-check does not make, from the seed of the run.
 *
 * @see https://en.wikipedia.org/wiki/Linear_congruential_generator (the constants of Numerical Recipes)
 */
export const random = (salt = 0): ((below: number) => number) => {
  let state = (Number(process.env['IOMMU_TEST_SEED']) ^ salt) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

/** All of a list in a full run, else a sample of it, in its order. */
export const sampled = <T>(list: readonly T[], size: number, salt = 0): readonly T[] =>
  isFull ? list : sampleOf(list, size, salt);

/** A sample of a list, in its order, in a full run too. */
export const sampleOf = <T>(list: readonly T[], size: number, salt = 0): readonly T[] => {
  if (list.length <= size) return list;
  const next = random(salt);
  const chosen = new Set<number>();
  while (chosen.size < size) chosen.add(next(list.length));
  return list.filter((_, at) => chosen.has(at));
};
