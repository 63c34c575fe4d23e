import { isIommuError } from '@iommu/core';
import { sealAcpiTable, writeDeviceTree } from '@iommu/firmware';
import { boot, type Machine } from '@iommu/machine';
import { conventionalDevice, pcieToPciBridge, rootPort } from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';
import { parseViot, virtioIommu } from '../src/index.js';
import { FIRST_NODE, iommuMmio, iommuPci, mmio, range, viot } from './support/bytes.js';
import { byAcpi, byTree, DTB, VIOT } from './support/everything.js';
import { card, describeGuest, iommu } from './support/guest.js';
import { hostTree } from './support/tree.js';

const { pci } = describeGuest({
  devices: [
    iommu(),
    card(2),
    rootPort({ slot: 3, acs: true }, [pcieToPciBridge({}, [conventionalDevice({ slot: 1 })])]),
  ],
});
const machine: Machine = {
  schema: 1,
  kernel: { release: '7.3', arch: 'aarch64' },
  ...(pci && { pci }),
  devices: [byAcpi, byTree],
};

/** What parsing comes to: a table, or the code of an IommuError. Anything else thrown fails the test. */
const outcome = (bytes: Uint8Array): string => {
  try {
    parseViot(bytes);
    return 'read';
  } catch (error) {
    if (!isIommuError(error)) throw error;
    expect(error.message).toMatch(/^VIOT\+0x[0-9a-f]+: /);
    return error.code;
  }
};

/** The machine boots with the firmware, and each device has a reason; or an IommuError of a table says why not. */
const bootsOrSaysWhy = (firmware: NonNullable<Machine['firmware']>): void => {
  try {
    const running = boot({ ...machine, firmware }, { drivers: [virtioIommu()] });
    for (const group of running.iommu.groups) running.iommu.reservedRegions(group);
    for (const device of running.devices) expect(running.outcomeOf(device).reasons.length).toBeGreaterThan(0);
    for (const { code, message } of running.diagnostics) expect([code, message]).not.toContain('');
  } catch (error) {
    if (!isIommuError(error)) throw error;
    expect(error.code).toMatch(/^ERR_TABLE_/);
  }
};
const bootsWith = (table: Uint8Array): void => bootsOrSaysWhy({ acpi: { VIOT: table } });

const changed = (whole: Uint8Array, at: number, ...bytes: readonly number[]): Uint8Array => {
  const copy = Uint8Array.from(whole);
  copy.set(bytes, at);
  return copy;
};

/** A field of so many bytes at 0, at 1 and at its maximum. */
const extremes = (width: number): readonly (readonly number[])[] => [
  new Array<number>(width).fill(0),
  [1, ...new Array<number>(width - 1).fill(0)],
  new Array<number>(width).fill(0xff),
];

test('reads the table whole', () => {
  expect(outcome(VIOT)).toBe('read');
  expect(parseViot(VIOT).nodes).toHaveLength(6);
  bootsWith(VIOT);
  bootsOrSaysWhy({ deviceTree: DTB });
});

test('knows at every byte that the rest of the table is missing', () => {
  for (let length = 0; length < VIOT.length; length++) {
    expect(outcome(VIOT.subarray(0, length))).toBe('ERR_TABLE_TRUNCATED');
  }
});

test('reads, or refuses with a reason, a table that ends at any byte of it', () => {
  for (let length = 36; length < VIOT.length; length++) {
    const cut = sealAcpiTable(Uint8Array.from(VIOT.subarray(0, length)));
    expect(outcome(cut)).toBe(length < FIRST_NODE ? 'ERR_TABLE_TRUNCATED' : 'read');
    if (length >= FIRST_NODE) expect(parseViot(cut).endedBy).toMatch(/^VIOT\+0x/);
    bootsWith(cut);
  }
});

describe.each([1, 2, 4])('with any field of %i bytes', (width) => {
  test.each(extremes(width).map((value, at) => [['0', '1', 'its maximum'][at], value] as const))(
    'at %s the machine boots, or it is said why not',
    (_, value) => {
      for (let at = 0; at + width <= VIOT.length; at++) bootsWith(changed(VIOT, at, ...value));
    },
  );
});

test.each([0, 1, 35, 47, 0x7fffffff, 0xffffffff])('refuses the table whose length is %i', (length) => {
  const bytes = Uint8Array.from(VIOT);
  new DataView(bytes.buffer).setUint32(4, length, true);
  expect(outcome(bytes)).toMatch(/^ERR_TABLE_(FIELD|TRUNCATED)$/);
});

test('boots with IOMMUs that are named twice', () => {
  bootsWith(viot(iommuMmio(5n), iommuMmio(5n), mmio(1, 9n), mmio(2, 10n, FIRST_NODE + 16)));
  bootsWith(
    viot(iommuPci(8), iommuPci(8), range({ rids: [0, 0x10] }), range({ rids: [0x11, 0xff], output: FIRST_NODE + 16 })),
  );
  const twice = { properties: { compatible: 'virtio,mmio', reg: [0xa000000, 0x200], '#iommu-cells': [1] } };
  const nodes = { a: { nodes: { 'iommu@1': twice }, properties: { ranges: true as const } }, 'iommu@1': twice };
  bootsOrSaysWhy({ deviceTree: writeDeviceTree(hostTree({}, nodes)) });
});

test('boots, or says why not, with every bit behind the header turned', () => {
  for (let bit = 36 * 8; bit < VIOT.length * 8; bit++) {
    const at = bit >> 3;
    bootsWith(changed(VIOT, at, (VIOT[at] as number) ^ (1 << (bit & 7))));
  }
});

test('boots, or says why not, with every cell of the device tree at 0, at 1 and at its maximum', () => {
  for (let at = 0; at + 4 <= DTB.length; at += 4) {
    for (const value of [
      [0, 0, 0, 0],
      [0, 0, 0, 1],
      [255, 255, 255, 255],
    ])
      bootsOrSaysWhy({ deviceTree: changed(DTB, at, ...value) });
  }
});
