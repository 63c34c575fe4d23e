import { check, groupsReport } from '@iommu/analysis';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { boot, type RunningMachine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { machineOf, type Recording, recordedMachines } from '../support/recordings.js';
import { strip } from '../support/strip.js';

const drivers = [intelVtd()];
const categories = ['vtd', 'rules', 'pairs', 'hotplug'];
/** Recordings of hot-plug show the machine after the last step; what boot gave is checked by replaying them. */
const replayed = /^hotplug\/hotplug-(?:multifunction|qmp|remove)/;

const concerned = (await recordedMachines(categories)).filter(
  ({ expected, name }) => ['intel', 'none'].includes(expected.iommu) && !replayed.test(name),
);

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

const unitOf = (running: RunningMachine): Record<string, string | null> =>
  Object.fromEntries(running.devices.map((device) => [device.name, running.outcomeOf(device).unit?.name ?? null]));

const recordedUnits = ({ expected }: Recording): Record<string, string | null> =>
  Object.fromEntries(Object.entries(expected.devices).map(([name, { iommu }]) => [name, iommu]));

test('there are as many recordings as were made', () => {
  expect(concerned.length).toBeGreaterThanOrEqual(99);
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

  test('gives the recorded partition and ids from hardware and firmware alone', () => {
    const running = boot(machineOf(strip(tree, true)), { drivers });
    const ids = (groups: readonly { id: number | null; devices: readonly string[] }[]) =>
      groups.map(({ id, devices }) => [id, sorted(devices)]);
    expect(ids(computed(running))).toEqual(ids(recorded(recording)));
  });

  test('gives the recorded units, their links and their files', () => {
    const running = boot(machineOf(strip(tree)), { drivers });
    expect(running.iommu.units.map(({ name }) => name)).toEqual(expected.iommus);
    expect(unitOf(running)).toEqual(recordedUnits(recording));
    for (const unit of running.iommu.units) {
      const folder = `sys/devices/virtual/iommu/${unit.name}`;
      const files = tree.list(`${folder}/intel-iommu`).map((name) => `intel-iommu/${name}`);
      const contents = files.map((name) => [name, new TextDecoder().decode(tree.read(`${folder}/${name}`)).trimEnd()]);
      expect(running.iommu.unitAttributes(unit)).toEqual(Object.fromEntries(contents));
    }
  });

  test('is found equal to what the kernel formed', () => {
    const report = check(boot(machineOf(tree), { drivers }));
    expect(report).toMatchObject({ partition: 'equal', ids: 'equal', differing: [], missing: [] });
  });

  test('has a reason for every device', () => {
    const running = boot(machineOf(strip(tree)), { drivers });
    for (const device of running.devices) {
      const { reasons } = running.outcomeOf(device);
      expect(reasons.length).toBeGreaterThan(0);
      for (const { text, source, rule } of reasons) {
        expect(text).toMatch(/^[A-Z0-9].*\.$/);
        expect(rule).toMatch(/^[a-z0-9-]+$/);
        expect(source).not.toBe('');
      }
    }
  });
});
