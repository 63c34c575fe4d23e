import type { IommuDriver } from '@iommu/core';
import { amdVi } from '@iommu/driver-amd-vi';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { smmu } from '@iommu/driver-smmu';
import { driverConformance } from '@iommu/driver-testkit';
import { expect, test } from 'vitest';
import { machineOf, recordedMachines } from '../support/recordings.js';
import { strip } from '../support/strip.js';
import { runs, sampled } from '../support/sweep.js';

/*
 * The kit on machines as they are read from dumps: bytes are Node's buffers, and what a bridge is stands only in its configuration
 * space. Nothing is wrong with these drivers, so nothing may be found.
 */

const DRIVERS: readonly (readonly [string, IommuDriver])[] = [
  ['vtd', intelVtd()],
  ['amdvi', amdVi()],
  ['smmuv3', smmu()],
];

const recorded = await Promise.all(
  DRIVERS.map(async ([category, driver]) => {
    const all = await recordedMachines([category]);
    return sampled(all, Math.ceil(all.length / 3)).map(({ name, tree }) => ({ name, tree, driver }));
  }),
);

test.each(recorded.flat())('$name: the kit finds nothing wrong', { timeout: 120_000 }, ({ driver, tree }) => {
  const machine = machineOf(strip(tree));
  const before = JSON.stringify(machine);
  const failed = driverConformance({
    driver,
    machines: [machine],
    runs: runs(30, 8),
    seed: Number(process.env['IOMMU_TEST_SEED']),
  }).flatMap(({ id, run }) => {
    try {
      run();
      return [];
    } catch (error) {
      return [`${id}: ${(error as Error).message}`];
    }
  });
  expect(failed).toEqual([]);
  expect(JSON.stringify(machine)).toBe(before);
});
