import { createHash } from 'node:crypto';
import { applyChange, cardsOf, type MoveChange } from '@iommu/analysis';
import { isIommuError } from '@iommu/core';
import { sealAcpiTable } from '@iommu/firmware';
import { boot, type Machine, toBytes } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { machineOf, recordedMachines } from '../support/recordings.js';
import { installedDriver } from '../support/registry/rehearsal.js';
import { sampled } from '../support/sweep.js';

/** Tables that decide on groups. */
const SIGNATURES = ['DMAR', 'IVRS', 'IORT', 'VIOT'];
/** Of another author, from the registry to which the rehearsed release went. */
const virtioIommu = await installedDriver('iommu-driver-virtio');
const drivers = [...allDrivers(), virtioIommu()];

/** A recorded table in the machine that it is of. */
interface RecordedTable {
  readonly name: string;
  readonly signature: string;
  readonly bytes: Uint8Array;
  readonly machine: Machine;
  /** Something that can be moved, so that the table has to be written anew; `undefined`: nothing can. */
  readonly move: MoveChange | undefined;
}

const tables = new Map<string, RecordedTable>();
for (const { name, tree } of await recordedMachines(['vtd', 'amdvi', 'smmuv3', 'virtio-iommu', 'rules', 'asked'])) {
  const machine = machineOf(tree);
  for (const signature of SIGNATURES) {
    const table = machine.firmware?.acpi?.[signature];
    if (table === undefined) continue;
    const bytes = toBytes(table, signature);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const move = cardsOf(machine).flatMap(({ moves }) => moves)[0];
    if (!tables.has(digest)) tables.set(digest, { name: `${signature} of ${name}`, signature, bytes, machine, move });
  }
}

/** Boot the machine with another table, and move something. @returns What was thrown that is no IommuError. */
const failure = ({ machine, signature, move }: RecordedTable, bytes: Uint8Array): unknown => {
  const acpi = { ...machine.firmware?.acpi, [signature]: bytes };
  try {
    const { iommu } = boot({ ...machine, firmware: { ...machine.firmware, acpi } }, { drivers });
    for (const group of iommu.groups) iommu.reservedRegions(group);
    for (const device of iommu.devices) iommu.outcomeOf(device).reasons.map(({ text }) => text);
    if (move) applyChange({ ...machine, firmware: { ...machine.firmware, acpi } }, move, { drivers: allDrivers() });
  } catch (error) {
    if (!isIommuError(error)) return error;
    expect(error.message.length).toBeGreaterThan(10);
  }
  return undefined;
};

/** A field of so many bytes, set to 0, to 1 and to its maximum. */
const extremes = (size: number): readonly number[][] => [
  Array(size).fill(0),
  [1, ...Array(size - 1).fill(0)],
  Array(size).fill(0xff),
];

const sealed = (bytes: Uint8Array): Uint8Array => (bytes.length < 36 ? bytes : sealAcpiTable(bytes));

test('there are as many different tables as were recorded', () => {
  expect(tables.size).toBeGreaterThanOrEqual(40);
});

describe.each(sampled([...tables.values()], 12, 7))('$name', (table) => {
  const { bytes } = table;

  test('cut at any byte gives an answer, or an IommuError', () => {
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.slice(0, length);
      expect([length, failure(table, cut)]).toEqual([length, undefined]);
      // As firmware would write it: the table's own length and checksum agree with what is there.
      expect([length, failure(table, sealed(cut.slice()))]).toEqual([length, undefined]);
    }
  });

  // Wherever a length, a count or an offset may be, this sets it to its extremes.
  test.each([1, 2, 4])('with any field of %i bytes at an extreme gives an answer, or an IommuError', (size) => {
    for (let at = 0; at + size <= bytes.length; at++) {
      for (const value of extremes(size)) {
        const changed = bytes.slice();
        changed.set(value, at);
        const given = at < 10 ? changed : sealed(changed);
        expect([at, value, failure(table, given)]).toEqual([at, value, undefined]);
      }
    }
  });
});
