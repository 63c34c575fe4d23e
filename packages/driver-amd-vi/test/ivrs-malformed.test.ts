import { isIommuError } from '@iommu/core';
import { sealAcpiTable } from '@iommu/firmware';
import { expect, test } from 'vitest';
import { random, sampled } from '../../../tests/support/sweep.js';
import { parseIvrs } from '../src/index.js';
import { richIvrs } from './support/ivrs.js';
import { boot, bridge, fn, node, UNIT } from './support/platform.js';

const WHOLE = richIvrs();
const MUTATIONS = 1_000;

/** What parsing comes to: a table, or the code of an IommuError. Anything else thrown fails the test. */
const outcome = (bytes: Uint8Array): string => {
  try {
    parseIvrs(bytes);
    return 'read';
  } catch (error) {
    if (!isIommuError(error)) throw error;
    expect(error.message).toMatch(/^IVRS\+0x[0-9a-f]+: /);
    return error.code;
  }
};

const FUNCTIONS = [fn('00:00.0'), UNIT, bridge('00:02.0', 1), fn('01:00.0'), fn('00:14.0'), fn('00:14.5')];
const NODES = [node('AMDI0020:00', 'AMDI0020', '0'), node('AMDI0020:01', 'AMDI0020', '3')];

/** The machine boots with the table, or an IommuError of a table says why not. */
const bootsOrSaysWhy = (bytes: Uint8Array): void => {
  try {
    const iommu = boot({ ivrs: bytes, functions: FUNCTIONS, nodes: NODES });
    for (const group of iommu.groups) iommu.reservedRegions(group);
    for (const device of iommu.devices) expect(iommu.outcomeOf(device).reasons.length).toBeGreaterThan(0);
  } catch (error) {
    if (!isIommuError(error)) throw error;
    expect(error.code).toMatch(/^ERR_TABLE_/);
  }
};

/** Sealed, so that a wrong checksum does not hide what the change does. */
const changed = (at: number, ...bytes: number[]): Uint8Array => {
  const copy = Uint8Array.from(WHOLE);
  copy.set(bytes, at);
  return at < 10 ? copy : sealAcpiTable(copy);
};

/** Where the lengths of blocks are, and of unique ids: found by walking the table as the specification says. */
const lengthFields = (): { readonly blocks: number[]; readonly ids: number[] } => {
  const view = new DataView(WHOLE.buffer);
  const blocks: number[] = [];
  const ids: number[] = [];
  for (let at = 48; at < WHOLE.length; at += view.getUint16(at + 2, true)) {
    blocks.push(at + 2);
    if (view.getUint8(at) !== 0x40) continue;
    const end = at + view.getUint16(at + 2, true);
    for (let entry = at + 40; entry < end; ) {
      const type = view.getUint8(entry);
      if (type === 0xf0) ids.push(entry + 21);
      entry += type === 0xf0 ? 22 + view.getUint8(entry + 21) : 4 << (type >> 6);
    }
  }
  return { blocks, ids };
};

const FIELDS = lengthFields();

test('reads the table whole', () => {
  expect(outcome(WHOLE)).toBe('read');
});

test('knows at every byte that the rest of the table is missing', () => {
  for (let length = 0; length < WHOLE.length; length++) {
    expect(outcome(WHOLE.subarray(0, length))).toBe('ERR_TABLE_TRUNCATED');
  }
});

test('reads, or refuses with a reason, a table that ends at any byte of it', () => {
  for (let length = 36; length < WHOLE.length; length++) {
    const cut = sealAcpiTable(Uint8Array.from(WHOLE.subarray(0, length)));
    expect(outcome(cut)).toMatch(length < 48 ? /^ERR_TABLE_TRUNCATED$/ : /^(read|ERR_TABLE_FIELD)$/);
    bootsOrSaysWhy(cut);
  }
});

test('has every kind of length to spoil', () => {
  expect([FIELDS.blocks.length, FIELDS.ids.length]).toEqual([7, 3]);
});

test.each(FIELDS.blocks.flatMap((at) => [0, 1, 3, 0xffff].map((length): [number, number] => [at, length])))(
  'refuses the block whose length, at %i, is %i',
  (at, length) => {
    const bytes = changed(at, length & 0xff, length >> 8);
    expect(outcome(bytes)).toBe('ERR_TABLE_FIELD');
    bootsOrSaysWhy(bytes);
  },
);

test.each(FIELDS.ids.flatMap((at) => [0, 1, 0xff].map((length): [number, number] => [at, length])))(
  'reads or refuses the unique id whose length, at %i, is %i',
  (at, length) => {
    expect(outcome(changed(at, length))).toMatch(length === 0xff ? /^ERR_TABLE_FIELD$/ : /^(read|ERR_TABLE_FIELD)$/);
    bootsOrSaysWhy(changed(at, length));
  },
);

test.each([0, 1, 35, 0x7fffffff, 0xffffffff])('refuses the table whose length is %i', (length) => {
  const bytes = Uint8Array.from(WHOLE);
  new DataView(bytes.buffer).setUint32(4, length, true);
  expect(outcome(bytes)).toMatch(/^ERR_TABLE_(FIELD|TRUNCATED)$/);
});

test('boots, or says why not, with any one byte changed', () => {
  const next = random(1);
  for (let n = 0; n < MUTATIONS; n++) {
    const at = next(WHOLE.length);
    bootsOrSaysWhy(changed(at, (WHOLE[at] as number) ^ (1 + next(255))));
  }
});

test('boots, or says why not, with every byte set to 0 and to all ones', () => {
  const places = sampled(
    Array.from(WHOLE, (_, at) => at),
    150,
    2,
  );
  for (const at of places) {
    bootsOrSaysWhy(changed(at, 0));
    bootsOrSaysWhy(changed(at, 0xff));
  }
});
