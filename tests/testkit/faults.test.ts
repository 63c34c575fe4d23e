import { isIommuError } from '@iommu/core';
import { smmu } from '@iommu/driver-smmu';
import { driverConformance } from '@iommu/driver-testkit';
import { boot } from '@iommu/machine';
import { expect, test } from 'vitest';
import { runs } from '../support/sweep.js';
import { FAULTS } from './faults/index.js';
import { MACHINES } from './machines.js';

/** Cases that caught something. */
const proven = new Set<string>();

/** A driver that no machine boots with fails every case, which says nothing of any of them. */
const boots = ({ driver, of }: (typeof FAULTS)[number]): boolean => {
  try {
    return MACHINES[of].every((machine) => boot(machine, { drivers: [driver] }) !== undefined);
  } catch {
    return false;
  }
};

/** Ids of the cases of a theme that a driver fails. */
const caughtBy = ({ driver, theme, of }: (typeof FAULTS)[number]): string[] =>
  driverConformance({ driver, machines: MACHINES[of], runs: runs(100, 40) }).flatMap((one) => {
    if (one.theme !== theme) return [];
    try {
      one.run();
      return [];
    } catch (error) {
      if (!isIommuError(error, 'ERR_CONFORMANCE')) throw error;
      return [one.id];
    }
  });

test.each(FAULTS.map((fault) => [fault.theme, fault.title, fault.of, fault] as const))(
  '%s: catches that %s (%s)',
  (_theme, _title, _of, fault) => {
    const caught = caughtBy(fault);
    for (const id of boots(fault) ? caught : []) proven.add(id);
    expect(caught).not.toEqual([]);
  },
);

test('the faults are many, and each is another', () => {
  expect(FAULTS.length).toBeGreaterThanOrEqual(30);
  expect(new Set(FAULTS.map(({ title }) => title)).size).toBe(FAULTS.length);
});

test('every case catches some fault', () => {
  const ids = driverConformance({ driver: smmu(), machines: MACHINES.smmu }).map(({ id }) => id);
  expect(ids.filter((id) => !proven.has(id))).toEqual([]);
});
