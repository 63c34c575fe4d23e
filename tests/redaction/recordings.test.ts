import { readFileSync } from 'node:fs';
import { check, groupsReport } from '@iommu/analysis';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { entriesToTar, readMachineBytes, redactBytes } from '@iommu/host';
import { boot, type Machine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { archives } from '../support/recordings.js';
import { planted, secretsIn } from '../support/secrets.js';
import { sampled } from '../support/sweep.js';

const redactedTar = async (tar: Uint8Array): Promise<Uint8Array> => {
  const redacted = await redactBytes(tar);
  if (redacted.kind !== 'tar') throw new Error(`a tar became a ${redacted.kind}`);
  return entriesToTar(redacted.entries);
};

/** All that is said of a machine's groups, computed and observed. */
const answers = (machine: Machine): unknown => {
  const running = boot(machine, { drivers: [intelVtd()] });
  return {
    groups: groupsReport(running),
    check: check(running),
    observed: machine.observed,
    order: machine.pci?.order,
  };
};

const sample = sampled([...archives('vtd'), ...archives('rules'), ...archives('smmuv3')], 9, 7);

describe.each(sample)('%s', (name) => {
  const original = readFileSync(`fixtures/recorded/${name}.tar.gz`);

  test('says the same of its groups after redaction', async () => {
    const redacted = await redactedTar(original);
    expect(answers(await readMachineBytes(redacted))).toEqual(answers(await readMachineBytes(original)));
  });

  test('keeps no secret that was planted, keeps its groups, and is not changed by redacting it again', async () => {
    const withSecrets = await entriesToTar(await planted(original));
    // Some recordings have no room for a capability.
    expect(secretsIn(withSecrets).length).toBeGreaterThanOrEqual(10);
    const redacted = await redactedTar(withSecrets);
    expect(secretsIn(redacted)).toEqual([]);
    const before = await readMachineBytes(withSecrets);
    const after = await readMachineBytes(redacted);
    const { groups = [] } = after.observed ?? {};
    expect(groups.find(({ id }) => id === 0)?.name ?? 'of xxxxxxxxx').toBe('of xxxxxxxxx');
    const unnamed = (machine: Machine) =>
      JSON.parse(JSON.stringify(answers(machine)).replaceAll(/of (orthanc-9|x+)/g, ''));
    expect(unnamed(after)).toEqual(unnamed(before));
    expect(Buffer.compare(await redactedTar(redacted), redacted)).toBe(0);
  });
});
