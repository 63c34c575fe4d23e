import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isIommuError } from '@iommu/core';
import { parseIort, smmu } from '@iommu/driver-smmu';
import { parseDeviceTree } from '@iommu/firmware';
import { boot } from '@iommu/machine';
import { expect, test } from 'vitest';
import { needsCorpus } from '../support/needs.js';

const LARGEST = 4 * 1024 * 1024;

/** Files below a folder, by their first four bytes. */
const filesThatStartWith = (folder: string, magic: readonly number[]): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => {
      const stat = statSync(path);
      return stat.isFile() && stat.size <= LARGEST && magic.every((byte, at) => readFileSync(path)[at] === byte);
    });

/** `read`, or the error: coded, and with the table, the offset and what was expected. */
const outcome = (read: () => void, table: string): string => {
  try {
    read();
    return 'read';
  } catch (error) {
    if (!isIommuError(error)) throw error;
    expect(error.code).toMatch(/^ERR_TABLE_/);
    expect(error.message).toMatch(new RegExp(`^${table}\\+0x[0-9a-f]+: .*(?:expected|needs|passes|without)`));
    return error.message;
  }
};

test('IORTs of real machines are read, or refused with the place and what was expected', (context) => {
  const folder = needsCorpus(context, 'real/inputs');
  const tables = filesThatStartWith(folder, [0x49, 0x4f, 0x52, 0x54]);
  const outcomes = tables.map((path) => outcome(() => parseIort(readFileSync(path)), 'IORT'));
  expect(outcomes.length).toBeGreaterThan(0);
  context.annotate(`${outcomes.filter((one) => one === 'read').length} of ${outcomes.length} IORTs read`);
  for (const path of tables) {
    const machine = { schema: 1 as const, firmware: { acpi: { IORT: readFileSync(path) } } };
    const running = boot(machine, { drivers: [smmu()] });
    expect(running.iommu.units.length, relative(folder, path)).toBeGreaterThan(0);
  }
});

test('device trees of real machines are read, or refused with the place and what was expected', (context) => {
  const folder = needsCorpus(context, 'real/inputs');
  const trees = filesThatStartWith(folder, [0xd0, 0x0d, 0xfe, 0xed]);
  for (const path of trees) outcome(() => parseDeviceTree(readFileSync(path)), 'devicetree');
  context.annotate(`${trees.length} device trees looked at`);
});
