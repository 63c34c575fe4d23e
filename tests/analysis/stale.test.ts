import { stale } from '@iommu/analysis';
import { boot, type Machine } from '@iommu/machine';
import { acsVerdict, bridgeAbove, formatAcsFlags } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { machineOf, recordedMachines } from '../support/recordings.js';
import { sampled } from '../support/sweep.js';

const drivers = allDrivers();
const recorded = (await recordedMachines(['vtd', 'amdvi', 'smmuv3', 'rules', 'pairs'])).filter(
  ({ expected }) => expected.groups.length > 0,
);

/** A machine after somebody cleared every control bit of a function. */
const cleared = (machine: Machine, address: string, capability: number): Machine => {
  const functions = (machine.pci?.functions ?? []).map((one) =>
    one.address === address ? { ...one, acs: { capability: formatAcsFlags(capability), control: '' } } : one,
  );
  return { ...machine, pci: { ...machine.pci, functions } };
};

describe.each(sampled(recorded, 30))('$name', ({ tree }) => {
  const machine = machineOf(tree);

  test('is current as it was recorded', () => {
    expect(stale(machine, { drivers })).toMatchObject({ verdict: 'current', groups: [], unknown: [] });
  });

  test('is stale once the bits of a port above an isolated device are cleared, which is named', () => {
    const running = boot(machine, { drivers });
    const ports = running.topology.devices.flatMap((device) => {
      const port = bridgeAbove(device);
      const verdict = port && acsVerdict(port);
      // A port that no IOMMU is for has no group that the device could be in.
      const isAlone = running.iommu.groups.of(device)?.devices.length === 1 && port && running.iommu.groups.of(port);
      return verdict?.basis === 'flags' && verdict.isolated && verdict.capability && isAlone ? [verdict] : [];
    });
    for (const { device, capability = 0 } of ports.slice(0, 2)) {
      const report = stale(cleared(machine, device.name, capability), { drivers });
      expect(report.verdict).toBe('stale');
      expect(report.groups.flatMap(({ bits }) => bits.map((one) => one.device))).toEqual([device.name]);
    }
  });
});
