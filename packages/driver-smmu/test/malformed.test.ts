import { Iommu, isIommuError } from '@iommu/core';
import { type NodeSketch, sealAcpiTable, writeDeviceTree } from '@iommu/firmware';
import { expect, test } from 'vitest';
import { random, sampled } from '../../../tests/support/sweep.js';
import { parseIort, smmu } from '../src/index.js';
import { richIort } from './support/iort.js';
import { bridge, fn, machine, node } from './support/platform.js';

const IORT = richIort();
const MUTATIONS = 1_500;

const TREE: NodeSketch = {
  properties: { '#address-cells': [1], '#size-cells': [1] },
  nodes: {
    'smmuv3@9050000': {
      properties: { compatible: 'arm,smmu-v3', reg: [0x9050000, 0x20000], phandle: [1], '#iommu-cells': [1] },
    },
    'smmu@5000000': {
      properties: { compatible: 'arm,mmu-500', reg: [0x5000000, 0x10000], phandle: [2], '#iommu-cells': [2] },
    },
    'memory@80000000': {
      properties: { phandle: [5], reg: [0x80000000, 0x1000], 'iommu-addresses': [6, 0x80000000, 0x1000] },
    },
    eth: { properties: { phandle: [6], iommus: [2, 1, 0xff, 2, 0x200, 0], 'memory-region': [5] } },
    'pcie@10000000': {
      properties: {
        device_type: 'pci',
        reg: [0x10000000, 1],
        'iommu-map': [0, 1, 0, 0x10000],
        'iommu-map-mask': [0xffff],
      },
    },
  },
};
const DTB = writeDeviceTree(TREE);

const FUNCTIONS = [
  bridge('00:01.0', 1),
  bridge('01:00.0', 2, { express: 'pcie-to-pci-bridge' }),
  fn('02:01.0'),
  fn('00:02.0'),
];

/** What parsing comes to: a table, or the code of an IommuError. Anything else thrown fails the test. */
const outcome = (bytes: Uint8Array): string => {
  try {
    parseIort(bytes);
    return 'read';
  } catch (error) {
    if (!isIommuError(error)) throw error;
    expect(error.message).toMatch(/^IORT\+0x[0-9a-f]+: /);
    return error.code;
  }
};

/** The machine boots with the firmware, or an IommuError of a table says why not. */
const bootsOrSaysWhy = (firmware: { iort?: Uint8Array; dtb?: Uint8Array }): void => {
  const built = machine({
    functions: FUNCTIONS,
    nodes: [node('ETH0', '\\_SB_.ETH0'), node('eth')],
    ...(firmware.iort && { iort: firmware.iort }),
  });
  try {
    const platform = { ...built.platform, deviceTree: firmware.dtb };
    const iommu = new Iommu({ platform, drivers: [smmu()], buses: ['platform', 'pci'] });
    iommu.registerUnits();
    for (const group of iommu.groups) iommu.reservedRegions(group);
    for (const device of iommu.devices) expect(iommu.outcomeOf(device).reasons.length).toBeGreaterThan(0);
  } catch (error) {
    if (!isIommuError(error)) throw error;
    expect(error.code).toMatch(/^ERR_TABLE_/);
  }
};

const changed = (whole: Uint8Array, at: number, ...bytes: number[]): Uint8Array => {
  const copy = Uint8Array.from(whole);
  copy.set(bytes.slice(0, whole.length - at), at);
  return copy;
};

test('reads the table whole', () => {
  expect(outcome(IORT)).toBe('read');
  bootsOrSaysWhy({ iort: IORT });
  bootsOrSaysWhy({ dtb: DTB });
});

test('knows at every byte that the rest of the table is missing', () => {
  for (let length = 0; length < IORT.length; length++) {
    expect(outcome(IORT.subarray(0, length))).toBe('ERR_TABLE_TRUNCATED');
  }
});

test('reads, or refuses with a reason, a table that ends at any byte of it', () => {
  for (let length = 36; length < IORT.length; length++) {
    const cut = sealAcpiTable(Uint8Array.from(IORT.subarray(0, length)));
    expect(outcome(cut)).toMatch(/^(read|ERR_TABLE_FIELD|ERR_TABLE_TRUNCATED)$/);
    bootsOrSaysWhy({ iort: cut });
  }
});

/** Every place at which a length, a count or an offset may stand. */
const PLACES = Array.from({ length: IORT.length - 36 }, (_, at) => 36 + at);

test.each([
  ['0', [0, 0, 0, 0]],
  ['1', [1, 0, 0, 0]],
  ['the highest', [0xff, 0xff, 0xff, 0xff]],
])('survives %s in every field of 1, 2 and 4 bytes', (_, value) => {
  for (const width of [1, 2, 4]) {
    for (const at of sampled(PLACES, 200, width)) bootsOrSaysWhy({ iort: changed(IORT, at, ...value.slice(0, width)) });
  }
});

test.each([0, 1, 35, 0x7fffffff, 0xffffffff])('refuses the table whose length is %i', (length) => {
  const bytes = Uint8Array.from(IORT);
  new DataView(bytes.buffer).setUint32(4, length, true);
  expect(outcome(bytes)).toMatch(/^ERR_TABLE_(FIELD|TRUNCATED)$/);
});

test('boots, or says why not, with any one byte of the table changed', () => {
  const next = random(1);
  for (let n = 0; n < MUTATIONS; n++) {
    const at = next(IORT.length);
    bootsOrSaysWhy({ iort: changed(IORT, at, (IORT[at] as number) ^ (1 + next(255))) });
  }
});

test('boots, or says why not, with any one byte of the device tree changed', () => {
  const next = random(2);
  for (let n = 0; n < MUTATIONS; n++) {
    const at = next(DTB.length);
    bootsOrSaysWhy({ dtb: changed(DTB, at, (DTB[at] as number) ^ (1 + next(255))) });
  }
});

test('boots, or says why not, with every cell of the device tree 0, 1 and the highest', () => {
  const cells = Array.from({ length: Math.floor(DTB.length / 4) }, (_, at) => 4 * at);
  for (const at of sampled(cells, 150, 3)) {
    for (const value of [
      [0, 0, 0, 0],
      [0, 0, 0, 1],
      [255, 255, 255, 255],
    ])
      bootsOrSaysWhy({ dtb: changed(DTB, at, ...value) });
  }
});
