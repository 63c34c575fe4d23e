import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { check } from '@iommu/analysis';
import { isIommuError } from '@iommu/core';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { smmu } from '@iommu/driver-smmu';
import { readMachine } from '@iommu/host';
import { boot, type RunningMachine } from '@iommu/machine';
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

/** What a dump lacks, by its first reason. */
const missingOf = (running: RunningMachine): string => {
  for (const device of running.devices) {
    const [reason] = running.outcomeOf(device).reasons;
    if (reason?.rule === 'no-driver') return 'no driver for its IOMMU';
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

const drivers = [intelVtd(), smmu()];

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
    if (missingOf(running) === 'no driver for its IOMMU')
      return { ...judged, outcome: 'unknown', remark: 'no driver for its IOMMU', differing: [] };
    const evidence = findEvidence(textOf(path));
    return evidence
      ? { ...judged, outcome: 'evidence', remark: `${evidence.cause}, line ${evidence.line}`, evidence }
      : { ...judged, outcome: 'unexplained', remark: `${differing.length} devices differ` };
  } catch (error) {
    if (!isIommuError(error)) throw error;
    return { ...blank, outcome: 'unjudged', remark: error.message.replace(path, '…') };
  }
};

/** The dumps of a folder: its files and folders, or those of its folders where a folder only holds folders. */
export const dumpsIn = (folder: string): string[] =>
  readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (statSync(path).isFile()) return /\.(?:json|md)$/.test(name) ? [] : [path];
      const onlyFolders = readdirSync(path).every((entry) => statSync(join(path, entry)).isDirectory());
      return onlyFolders && !existsSync(join(path, 'sys')) ? dumpsIn(path) : [path];
    });
