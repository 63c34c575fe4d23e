import type { IommuDriver } from '@iommu/core';
import { altered, driverConformance } from '@iommu/driver-testkit';
import type { Machine } from '@iommu/machine';
import { functionOf, isPciDevice } from '@iommu/pci';
import { BOARDS } from './boards.js';
import { drivers } from './drivers.js';

/** How a case of the kit ended. */
interface CaseReport {
  readonly id: string;
  /** Why it was not tried; `null`: it was. */
  readonly skip: string | null;
  /** What is wrong; `null`: nothing. */
  readonly failure: string | null;
}

/** Takes all functions of a card but the first to be alone. */
const mistaken = (driver: IommuDriver): IommuDriver =>
  altered(driver, ({ deviceGroup }) => ({
    deviceGroup: (device, groups) => {
      if (!isPciDevice(device) || functionOf(device.rid) === 0) return deviceGroup(device, groups);
      const reason = { rule: 'alone', text: 'It is taken to be alone.', source: 'a guess', devices: [device] };
      return { group: groups.alloc(), reasons: [reason] };
    },
  }));

const failureOf = (run: () => void): string | null => {
  try {
    run();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
};

const reports = (driver: IommuDriver, machine: Machine): CaseReport[] =>
  driverConformance({ driver, machines: [machine], runs: 10 }).map(({ id, skip, run }) => ({
    id,
    skip: skip ?? null,
    failure: failureOf(run),
  }));

/** A random machine is made smaller for a time, and how small it gets depends on the computer: that it is one is left. */
const withoutRandom = (report: CaseReport): CaseReport => ({
  ...report,
  failure: report.failure?.replace(/^(on a random machine):.*$/s, '$1') ?? null,
});

/** What the kit says of a driver, and of the same one with a mistake in it. */
export interface Conformance {
  readonly right: readonly CaseReport[];
  readonly mistaken: readonly CaseReport[];
}

/** By the driver's name. */
export const conformance = (): Record<string, Conformance> =>
  Object.fromEntries(
    drivers().map((driver) => {
      const board = BOARDS[driver.name];
      if (board === undefined) throw new Error(`no board for ${driver.name}`);
      return [
        driver.name,
        { right: reports(driver, board), mistaken: reports(mistaken(driver), board).map(withoutRandom) },
      ];
    }),
  );
