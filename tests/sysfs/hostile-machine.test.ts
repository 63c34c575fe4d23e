import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isIommuError } from '@iommu/core';
import { boot } from '@iommu/machine';
import { machineFromJson } from '@iommu/machine/json';
import {
  listLines,
  rootEntries,
  rootFiles,
  sysfsOf,
  tarChunks,
  treeLines,
  umockdevLines,
  writeFolder,
} from '@iommu/sysfs';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { temporaryFolder } from '../support/fake-root.js';

/*
 * Descriptions that somebody wrote by hand: names in them become names of files.
 */

const FUNCTION = { address: '0000:00:01.0', parent: null, id: '8086:1901', class: '060000' };

const HOSTILE: readonly (readonly [string, object])[] = [
  ['a driver that climbs', { pci: { functions: [{ ...FUNCTION, driver: '../../../../etc' }] } }],
  ['a driver that is absolute', { pci: { functions: [{ ...FUNCTION, driver: '/etc/passwd' }] } }],
  ['a driver with a zero byte', { pci: { functions: [{ ...FUNCTION, driver: 'a\0b' }] } }],
  ['a driver of a long name', { pci: { functions: [{ ...FUNCTION, driver: 'n'.repeat(300) }] } }],
  ['a driver without a name', { pci: { functions: [{ ...FUNCTION, driver: '..' }] } }],
  ['a device that climbs', { devices: [{ name: '../../x', bus: 'platform', path: 'platform/../../../x' }] }],
  ['a device whose path climbs', { devices: [{ name: 'x', bus: 'platform', path: '../../../x' }] }],
  ['a device that is absolute', { devices: [{ name: '/etc', bus: 'platform', path: '/etc' }] }],
  ['a bus that climbs', { devices: [{ name: 'x', bus: '../../x', path: 'platform/x' }] }],
  ['a host bridge that climbs', { pci: { functions: [FUNCTION], rootParents: { '0000:00': '../../../x' } } }],
  ['a table that climbs', { pci: { functions: [FUNCTION] }, firmware: { acpi: { '../../x': '' } } }],
];

/** What a sink does with it: an error with a code, or nothing that leaves its place. */
const outcome = async (act: () => unknown): Promise<string> => {
  try {
    await act();
    return 'fine';
  } catch (error) {
    if (!isIommuError(error)) throw error;
    return error.code;
  }
};

const CODES = ['fine', 'ERR_SYSFS_NAME', 'ERR_MACHINE'];

describe('a machine with', () => {
  test.each(HOSTILE)('%s is refused, or written without leaving its place', async (_, parts) => {
    const folder = temporaryFolder();
    const tree = () => {
      const machine = machineFromJson(JSON.parse(JSON.stringify({ schema: 1, ...parts })));
      const running = boot(machine, { drivers: allDrivers() });
      const sys = sysfsOf(running).root;
      return { sys, entries: rootEntries(sys, rootFiles(running.describe())) };
    };
    const outcomes = [
      await outcome(() => writeFolder(tree().entries, join(folder, 'm'))),
      await outcome(async () => {
        for await (const _chunk of tarChunks(tree().entries));
      }),
      await outcome(() => [...umockdevLines(tree().sys)]),
    ];
    expect(outcomes.filter((code) => !CODES.includes(code))).toEqual([]);
    expect(readdirSync(folder)).toEqual(outcomes[0] === 'fine' ? ['m'] : []);
    expect(await outcome(() => [...treeLines(tree().sys), ...listLines(tree().sys)])).toMatch(/^(?:fine|ERR_MACHINE)$/);
  });
});
