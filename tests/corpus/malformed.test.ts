import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isIommuError } from '@iommu/core';
import { readMachineBytes } from '@iommu/host';
import { boot } from '@iommu/machine';
import { expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { needsCorpus } from '../support/needs.js';
import { random, runs, sampled } from '../support/sweep.js';

/** So many lines are cut one by one; in longer texts, 500 places are chosen. */
const ALL_CUTS = 200;

/** Lengths in bytes at which a text is cut: after each of its lines, or after some. */
const cutsOf = (bytes: Uint8Array): readonly number[] => {
  const ends: number[] = [];
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) ends.push(at + 1);
  if (ends.length <= ALL_CUTS) return ends;
  const next = random(ends.length);
  return Array.from({ length: runs(500, 50) }, () => ends[next(ends.length)] as number);
};

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

test('real dumps cut at their lines are read, or refused by an IommuError', async (context) => {
  const folder = needsCorpus(context, 'real');
  const failures: string[] = [];
  for (const path of sampled(filesIn(folder), 15, 5)) {
    const bytes = readFileSync(path);
    for (const length of cutsOf(bytes)) {
      try {
        boot(await readMachineBytes(bytes.subarray(0, length), { name: 'cut' }), { drivers: allDrivers() });
      } catch (error) {
        if (!isIommuError(error)) failures.push(`${relative(folder, path)} at ${length}: ${String(error)}`);
      }
    }
  }
  expect(failures).toEqual([]);
}, 3_600_000);
