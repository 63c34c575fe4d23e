import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isIommuError } from '@iommu/core';
import { parseIvrs, usedIvhds } from '@iommu/driver-amd-vi';
import { readMachine } from '@iommu/host';
import { expect, test } from 'vitest';
import { needsCorpus } from '../support/needs.js';

/** What a real table comes to: how many units it describes, or the code with which it is refused. */
const outcome = (bytes: Uint8Array): string => {
  try {
    return `${usedIvhds(parseIvrs(bytes)).length} units`;
  } catch (error) {
    if (isIommuError(error)) return error.code;
    throw error;
  }
};

const folders = (path: string): string[] =>
  readdirSync(path)
    .map((name) => join(path, name))
    .filter((one) => statSync(one).isDirectory());

/** The IVRS of a folder's text, as a dump tool wrote it; `undefined` when it holds none. */
const fromText = async (folder: string): Promise<Uint8Array | string | undefined> => {
  try {
    return (await readMachine(join(folder, 'input.txt'))).firmware?.acpi?.['IVRS'];
  } catch (error) {
    if (isIommuError(error)) return undefined;
    throw error;
  }
};

test('real IVRS tables are read, or refused with a code', async (context) => {
  const inputs = folders(needsCorpus(context, 'real/inputs'));
  const tables: (readonly [string, Uint8Array])[] = [];
  for (const folder of inputs) {
    for (const file of readdirSync(folder).filter((name) => /^ivrs.*\.(?:bin|dat)$/i.test(name)))
      tables.push([join(folder, file), readFileSync(join(folder, file))]);
    const text = await fromText(folder);
    if (text instanceof Uint8Array) tables.push([join(folder, 'input.txt'), text]);
  }
  expect(tables.length).toBeGreaterThan(0);
  for (const [name, bytes] of tables)
    expect([name, outcome(bytes)]).toEqual([name, expect.stringMatching(/^[1-9]\d* units$|^ERR_TABLE_/)]);
});
