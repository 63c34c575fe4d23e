import { randomInt } from 'node:crypto';

/** Choose the seed of this run, unless it was asked for, and say it: a failure can be had again with it. */
export const setup = (): void => {
  process.env['IOMMU_TEST_SEED'] ??= String(randomInt(0, 2 ** 31 - 1));
  const full = process.env['IOMMU_TEST_FULL'] === '1' ? ', full sweeps' : '';
  console.log(`seed ${process.env['IOMMU_TEST_SEED']} (IOMMU_TEST_SEED repeats it)${full}`);
};
