import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { check } from '@iommu/analysis';
import { isIommuError } from '@iommu/core';
import { readMachine } from '@iommu/host';
import { boot, KERNEL_RULES, type Machine, type RunningMachine } from '@iommu/machine';
import { allDrivers } from '../support/drivers.js';
import { type Evidence, findEvidence } from './evidence.js';

/**
 * How a dump fares:
 * - `equal`: the computed partition is the observed one;
 * - `evidence`: it differs, and a line of the dump shows why;
 * - `unexplained`: it differs, and nothing shows why;
 * - `unknown`: facts are missing; what was observed is among what they allow;
 * - `unjudged`: nothing to compare, or the dump cannot be read.
 */
export type Outcome = 'equal' | 'evidence' | 'unexplained' | 'unknown' | 'unjudged';

/** The score of one dump. */
export interface Score {
  readonly name: string;
  readonly vendor: string;
  readonly functions: number;
  readonly groups: number;
  readonly outcome: Outcome;
  readonly ids: string;
  /** What is missing, or what shows the cause. */
  readonly remark: string;
  readonly evidence?: Evidence;
  /** Devices whose groups differ, with the computed reason. */
  readonly differing: readonly string[];
}

const VENDORS: Readonly<Record<number, string>> = { 32902: 'Intel', 4130: 'AMD', 4098: 'AMD' };

const vendorOf = ({ topology, kernel }: RunningMachine): string => {
  const vendor = VENDORS[topology.devices[0]?.facts.vendor ?? 0];
  return vendor ?? (kernel.arch === 'arm64' ? 'Arm' : 'other');
};

const NO_DRIVER = 'no driver for its IOMMU';
const WITHOUT_DRIVER: ReadonlySet<string> = new Set(['no-driver', 'no-firmware-in-input']);

/** What a dump lacks, by its first reason. */
const missingOf = (running: RunningMachine): string => {
  for (const device of running.devices) {
    const [reason] = running.outcomeOf(device).reasons;
    if (reason && WITHOUT_DRIVER.has(reason.rule)) return NO_DRIVER;
  }
  if (running.topology.devices.some(({ pciBus }) => pciBus.parentUnknown)) return 'bus numbers of bridges';
  if (running.topology.devices.some(({ express }) => express === undefined)) return 'capability lists';
  return 'ACS registers';
};

const textOf = (path: string): string => {
  if (statSync(path).isFile()) return readFileSync(path, 'latin1');
  const files = readdirSync(path).filter((name) => name.endsWith('.txt') && name !== 'groups.txt');
  return files.map((name) => readFileSync(join(path, name), 'latin1')).join('\n');
};

const drivers = allDrivers();

/** Whether the groups are those of some other release: a dump that does not name its own cannot tell. */
const someReleaseAgrees = (machine: Machine): boolean => {
  const borders = KERNEL_RULES.filter(({ touches }) => touches === 'partition').flatMap(({ from }) => from ?? []);
  return borders.some((kernel) => {
    const report = check(boot(machine, { drivers, kernel }), boot(machine, { drivers, kernel, unknown: 'optimistic' }));
    return report?.partition === 'equal' || report?.partition === 'unknown';
  });
};

/** Score one dump: a file, or a folder with the files of one machine. */
export const score = async (path: string, name: string): Promise<Score> => {
  const blank = { name, vendor: '?', functions: 0, groups: 0, ids: '-', differing: [] };
  try {
    const machine = await readMachine(path);
    const running = boot(machine, { drivers });
    const report = check(running, boot(machine, { drivers, unknown: 'optimistic' }));
    const known = {
      ...blank,
      vendor: vendorOf(running),
      functions: machine.pci?.functions.length ?? 0,
      groups: machine.observed?.groups.length ?? 0,
    };
    if (!report) return { ...known, outcome: 'unjudged', remark: 'holds no groups of the kernel' };
    const differing = report.differing.map(({ device, reason }) => `${device}: ${reason}`);
    const judged = { ...known, ids: report.ids, differing };
    if (report.partition === 'equal') return { ...judged, outcome: 'equal', remark: '' };
    if (report.partition === 'unknown') return { ...judged, outcome: 'unknown', remark: missingOf(running) };
    if (missingOf(running) === NO_DRIVER) return { ...judged, outcome: 'unknown', remark: NO_DRIVER, differing: [] };
    if (machine.kernel?.release === undefined && someReleaseAgrees(machine))
      return { ...judged, outcome: 'unknown', remark: 'the release of its kernel' };
    const evidence = findEvidence(textOf(path));
    return evidence
      ? { ...judged, outcome: 'evidence', remark: `${evidence.cause}, line ${evidence.line}`, evidence }
      : { ...judged, outcome: 'unexplained', remark: `${differing.length} devices differ` };
  } catch (error) {
    if (!isIommuError(error)) throw error;
    return { ...blank, outcome: 'unjudged', remark: error.message.replace(path, '…') };
  }
};
