import type { IommuDriver } from '@iommu/core';
import { amdVi } from '@iommu/driver-amd-vi';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { smmu } from '@iommu/driver-smmu';
import { driverConformance } from '@iommu/driver-testkit';
import { describe, expect, test } from 'vitest';
import { needsFullRun } from '../support/needs.js';
import { installedDriver } from '../support/registry/rehearsal.js';
import { runs } from '../support/sweep.js';
import { MACHINES } from './machines.js';

/** Machines in all, spread over the cases that take random ones. */
const WHOLE = 10_000;
const SAMPLE = 600;

const virtioIommu = await installedDriver('iommu-driver-virtio');
const drivers: readonly IommuDriver[] = [intelVtd(), amdVi(), smmu(), virtioIommu()];

describe.each(drivers.map((driver) => [driver.name as keyof typeof MACHINES, driver] as const))(
  '%s',
  (name, driver) => {
    const machines = MACHINES[name];
    const count = driverConformance({ driver, machines }).length;
    const options = {
      driver,
      machines,
      runs: Math.ceil(runs(WHOLE, SAMPLE) / (count - 8)),
      seed: Number(process.env['IOMMU_TEST_SEED']),
    };
    test('the whole kit takes less than 20 seconds', (context) => {
      needsFullRun(context);
      const started = Date.now();
      for (const { run } of driverConformance({ driver, machines })) run();
      expect(Date.now() - started).toBeLessThan(20_000);
    });

    test.each(driverConformance(options).map((one) => [one.title, one] as const))('%s', (_, { run }) => {
      expect(run).not.toThrow();
    });
  },
);
