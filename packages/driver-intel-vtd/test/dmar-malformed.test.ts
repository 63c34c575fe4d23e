import { isIommuError } from '@iommu/core';
import { sealAcpiTable } from '@iommu/firmware';
import { expect, test } from 'vitest';
import { random, sampled } from '../../../tests/support/sweep.js';
import { parseDmar } from '../src/index.js';
import { richDmar } from './support/dmar.js';
import { boot, bridge, fn } from './support/platform.js';

const WHOLE = richDmar();
const MUTATIONS = 2_000;

/** What parsing comes to: a table, or the code of an IommuError. Anything else thrown fails the test. */
const outcome = (bytes: Uint8Array): string => {
  try {
    parseDmar(bytes);
    return 'read';
  } catch (error) {
    if (!isIommuError(error)) throw error;
    expect(error.message).toMatch(/^DMAR\+0x[0-9a-f]+: /);
    return error.code;
  }
};

const FUNCTIONS = [
  fn('00:02.0', { class: '030000' }),
  fn('00:14.0', { class: '0c0330' }),
  bridge('00:1c.0', 1),
  fn('01:00.0'),
  fn('00:1f.0', { class: '060100', express: null, acs: null }),
];

/** The machine boots with the table, or an IommuError of a table says why not. */
const bootsOrSaysWhy = (bytes: Uint8Array): void => {
  try {
    const iommu = boot({ dmar: bytes, functions: FUNCTIONS });
    for (const group of iommu.groups) iommu.reservedRegions(group);
    for (const device of iommu.devices) expect(iommu.outcomeOf(device).reasons.length).toBeGreaterThan(0);
  } catch (error) {
    if (!isIommuError(error)) throw error;
    expect(error.code).toMatch(/^ERR_TABLE_/);
  }
};

const changed = (at: number, ...bytes: number[]): Uint8Array => {
  const copy = Uint8Array.from(WHOLE);
  copy.set(bytes, at);
  return copy;
};

/** Where the lengths of structures are, and of scopes: found by walking the table as the specification says. */
const lengthFields = (): { readonly structures: number[]; readonly scopes: number[] } => {
  const view = new DataView(WHOLE.buffer);
  const scopesAt = new Map([
    [0, 16],
    [1, 24],
    [2, 8],
    [5, 8],
    [6, 8],
  ]);
  const structures: number[] = [];
  const scopes: number[] = [];
  for (let at = 48; at < WHOLE.length; at += view.getUint16(at + 2, true)) {
    structures.push(at + 2);
    const first = scopesAt.get(view.getUint16(at, true));
    const end = at + view.getUint16(at + 2, true);
    if (first === undefined) continue;
    for (let scope = at + first; scope < end; scope += view.getUint8(scope + 1)) scopes.push(scope + 1);
  }
  return { structures, scopes };
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
    expect(outcome(cut)).toMatch(/^(read|ERR_TABLE_FIELD|ERR_TABLE_TRUNCATED)$/);
    bootsOrSaysWhy(cut);
  }
});

test('has every kind of length to spoil', () => {
  expect([FIELDS.structures.length, FIELDS.scopes.length]).toEqual([10, 10]);
});

test.each(FIELDS.structures)('survives length 0 of the structure whose length is at %i', (at) => {
  expect(outcome(changed(at, 0, 0))).toBe('read');
  bootsOrSaysWhy(changed(at, 0, 0));
});

test.each(FIELDS.structures)('refuses length 1 of the structure whose length is at %i, or skips on', (at) => {
  expect(outcome(changed(at, 1, 0))).toMatch(/^(read|ERR_TABLE_FIELD)$/);
  bootsOrSaysWhy(changed(at, 1, 0));
});

test.each(FIELDS.structures)('refuses the highest length of the structure whose length is at %i', (at) => {
  expect(outcome(changed(at, 0xff, 0xff))).toBe('ERR_TABLE_FIELD');
  bootsOrSaysWhy(changed(at, 0xff, 0xff));
});

/** The scopes of a structure that Linux skips are not looked at. */
const READ_SCOPES = FIELDS.scopes.slice(0, -1);

test.each(READ_SCOPES.flatMap((at) => [0, 1, 5, 0xff].map((length): [number, number] => [at, length])))(
  'refuses the scope whose length, at %i, is %i',
  (at, length) => {
    expect(outcome(changed(at, length))).toBe('ERR_TABLE_FIELD');
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
