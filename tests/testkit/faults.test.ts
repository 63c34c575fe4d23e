import { isIommuError } from '@iommu/core';
import { driverConformance } from '@iommu/driver-testkit';
import { expect, test } from 'vitest';
import { FAULTS } from './faults/index.js';
import { MACHINES } from './machines.js';

/** Ids of the cases of a theme that a driver fails. */
const caughtBy = ({ driver, theme, of }: (typeof FAULTS)[number]): string[] =>
  driverConformance({ driver, machines: MACHINES[of] }).flatMap((one) => {
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
    expect(caughtBy(fault)).not.toEqual([]);
  },
);

test('the faults are many, and each is another', () => {
  expect(FAULTS.length).toBeGreaterThanOrEqual(30);
  expect(new Set(FAULTS.map(({ title }) => title)).size).toBe(FAULTS.length);
});
