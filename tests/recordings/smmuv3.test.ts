import { check, groupsReport } from '@iommu/analysis';
import { smmu } from '@iommu/driver-smmu';
import { type FileTree, readSnapshot } from '@iommu/host';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { archives, type Recording, readRecordings } from '../support/recordings.js';
import { strip } from '../support/strip.js';

const drivers = [smmu()];
const categories = ['smmuv3', 'rules', 'pairs'];

const recordings = (await Promise.all(categories.flatMap(archives).map(readRecordings))).flat();
const concerned = recordings.filter(({ expected }) => expected.iommu === 'smmuv3');

const machineOf = (tree: FileTree): Machine => {
  const machine = readSnapshot(tree);
  if (!machine) throw new Error('no sysfs tree in the recording');
  return machine;
};

const sorted = (list: readonly string[]): string[] => [...list].sort();

const computed = (running: RunningMachine) =>
  groupsReport(running).groups.map(({ id, name, type, devices, reservedRegions }) => ({
    id,
    name,
    type,
    devices: sorted(devices),
    reserved_regions: reservedRegions,
  }));

const recorded = ({ expected }: Recording) =>
  expected.groups.map(({ id, name, type, devices, reserved_regions }) => ({
    id,
    name,
    type,
    devices: sorted(devices),
    reserved_regions,
  }));

test('there are as many recordings as were made', () => {
  expect(concerned.length).toBeGreaterThanOrEqual(32);
});

describe.each(concerned)('$name', (recording) => {
  const { tree, expected } = recording;

  test('gives the recorded groups, types and regions with the answer taken out', () => {
    const stripped = machineOf(strip(tree));
    expect(stripped.observed).toBeUndefined();
    const running = boot(stripped, { drivers });
    expect(computed(running)).toEqual(recorded(recording));
    expect(sorted(groupsReport(running).ungrouped.map(({ device }) => device))).toEqual(sorted(expected.ungrouped));
    expect(running.assumed).toBeUndefined();
  });
});
