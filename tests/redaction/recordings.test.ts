import { readFileSync } from 'node:fs';
import { entriesToTar, readMachineBytes, readSnapshot } from '@iommu/host';
import type { Machine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { answers, redactedBytes } from '../support/answers.js';
import { hexDump } from '../support/hex-dump.js';
import { archives, readRecordings } from '../support/recordings.js';
import { planted, SECRET_LINES, secretsIn } from '../support/secrets.js';
import { sampled } from '../support/sweep.js';

const sample = sampled([...archives('vtd'), ...archives('rules'), ...archives('smmuv3')], 9, 7);

describe.each(sample)('%s', (name) => {
  const original = readFileSync(`fixtures/recorded/${name}.tar.gz`);

  test('says the same of its groups after redaction', async () => {
    const redacted = await redactedBytes(original);
    expect(answers(await readMachineBytes(redacted))).toEqual(answers(await readMachineBytes(original)));
  });

  test('keeps no secret that was planted, keeps its groups, and is not changed by redacting it again', async () => {
    const withSecrets = await entriesToTar(await planted(original));
    // Some recordings have no room for a capability.
    expect(secretsIn(withSecrets).length).toBeGreaterThanOrEqual(10);
    const redacted = await redactedBytes(withSecrets);
    expect(secretsIn(redacted)).toEqual([]);
    const before = await readMachineBytes(withSecrets);
    const after = await readMachineBytes(redacted);
    const { groups = [] } = after.observed ?? {};
    expect(groups.find(({ id }) => id === 0)?.name ?? 'of xxxxxxxxx').toBe('of xxxxxxxxx');
    const unnamed = (machine: Machine) =>
      JSON.parse(JSON.stringify(answers(machine)).replaceAll(/of (orthanc-9|x+)/g, ''));
    expect(unnamed(after)).toEqual(unnamed(before));
    expect(Buffer.compare(await redactedBytes(redacted), redacted)).toBe(0);
  });

  test('says the same as rows of bytes, as a log, and as both in one text', async () => {
    for (const { tree } of await readRecordings(name)) {
      const rows = hexDump(readSnapshot(tree)?.pci?.functions ?? []);
      const log = [...SECRET_LINES, new TextDecoder().decode(tree.read('dmesg.txt')), ''].join('\n');
      for (const text of [rows, log, `${rows}\n${log}`].map((one) => Buffer.from(one))) {
        const redacted = await redactedBytes(text);
        expect(secretsIn(redacted)).toEqual([]);
        expect(answers(await readMachineBytes(redacted))).toEqual(answers(await readMachineBytes(text)));
        expect(Buffer.compare(await redactedBytes(redacted), redacted)).toBe(0);
      }
    }
  });
});
