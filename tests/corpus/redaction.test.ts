import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isIommuError } from '@iommu/core';
import { readMachineBytes } from '@iommu/host';
import type { Machine } from '@iommu/machine';
import { expect, test } from 'vitest';
import { answers, redactedBytes } from '../support/answers.js';
import { needsCorpus } from '../support/needs.js';
import { sampled } from '../support/sweep.js';

const readable = async (bytes: Uint8Array): Promise<Machine | undefined> => {
  try {
    return await readMachineBytes(bytes, { name: 'it' });
  } catch (error) {
    if (isIommuError(error)) return undefined;
    throw error;
  }
};

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

test('real dumps say the same of their groups after redaction, and are not changed by a second one', async (context) => {
  const folder = needsCorpus(context, 'real');
  for (const path of sampled(filesIn(folder), 150, 5)) {
    const name = relative(folder, path);
    const bytes = readFileSync(path);
    const before = await readable(bytes);
    if (!before) continue;
    const redacted = await redactedBytes(bytes);
    expect(answers(await readMachineBytes(redacted)), name).toEqual(answers(before));
    expect(Buffer.compare(await redactedBytes(redacted), redacted), name).toBe(0);
  }
}, 300_000);
