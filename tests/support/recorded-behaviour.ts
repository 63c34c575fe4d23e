import { check, type GroupsReport, groupsReport } from '@iommu/analysis';
import type { IommuDriver } from '@iommu/core';
import type { FileTree } from '@iommu/host';
import { boot, type RunningMachine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { machineOf, type Recording } from './recordings.js';
import { strip } from './strip.js';

export const sorted = (list: readonly string[]): string[] => [...list].sort();

/** Reported groups in the form of recorded ones. */
export const asRecorded = ({ groups }: GroupsReport) =>
  groups.map(({ id, name, type, devices, reservedRegions }) => ({
    id,
    name,
    type,
    devices: sorted(devices),
    reserved_regions: reservedRegions,
  }));

export const computed = (running: RunningMachine) => asRecorded(groupsReport(running));

export const recorded = ({ expected }: Recording) =>
  expected.groups.map(({ id, name, type, devices, reserved_regions }) => ({
    id,
    name,
    type,
    devices: sorted(devices),
    reserved_regions,
  }));

type Computed = ReturnType<typeof computed>;

/** Unknown ids as they were recorded, for the groups that were: what is left to compare is everything else. */
export const withUnknownIdsFrom = (recording: Recording, groups: Computed): Computed => {
  const ids = new Map(recorded(recording).map(({ id, devices }) => [devices.join(' '), id]));
  const filled = groups.map((group) => ({ ...group, id: group.id ?? ids.get(group.devices.join(' ')) ?? null }));
  return filled.sort((a, b) => (a.id ?? 0) - (b.id ?? 0));
};

const unitOf = (running: RunningMachine): Record<string, string | null> =>
  Object.fromEntries(running.devices.map((device) => [device.name, running.outcomeOf(device).unit?.name ?? null]));

const recordedUnits = ({ expected }: Recording): Record<string, string | null> =>
  Object.fromEntries(Object.entries(expected.devices).map(([name, { iommu }]) => [name, iommu]));

/** The files of a unit's folder that its driver made: `amd-iommu/cap` and its like. */
const recordedFiles = (tree: FileTree, folder: string): Record<string, string> => {
  const groups = tree.list(folder).filter((name) => name.endsWith('-iommu'));
  const files = groups.flatMap((group) => tree.list(`${folder}/${group}`).map((name) => `${group}/${name}`));
  return Object.fromEntries(
    files.map((name) => [name, new TextDecoder().decode(tree.read(`${folder}/${name}`)).trimEnd()]),
  );
};

/** Partition and ids from hardware, firmware, the release and the command line. */
const compareBare = ({ tree, ...recording }: Recording, drivers: readonly IommuDriver[]): void => {
  const ids = (groups: readonly { id: number | null; devices: readonly string[] }[]) =>
    groups.map(({ id, devices }) => [id, sorted(devices)]);
  const running = boot(machineOf(strip(tree, true)), { drivers });
  expect(ids(computed(running))).toEqual(ids(recorded({ tree, ...recording })));
};

/**
 * Hold what a recorded kernel said of each machine against what is computed without it.
 *
 * @param bare - What is to be had without the kernel's log; default: partition and ids.
 * @param mayNotKnow - Of which recordings even the log does not tell all ids; default: of none.
 */
export const describeRecordings = (
  recordings: readonly Recording[],
  drivers: readonly IommuDriver[],
  bare: typeof compareBare = compareBare,
  mayNotKnow: (recording: Recording) => boolean = () => false,
): void => {
  describe.each(recordings)('$name', (recording) => {
    const { tree, expected } = recording;

    test('gives the recorded groups, types and regions with the answer taken out', () => {
      const stripped = machineOf(strip(tree));
      expect(stripped.observed).toBeUndefined();
      const running = boot(stripped, { drivers });
      const groups = computed(running);
      expect(mayNotKnow(recording) ? withUnknownIdsFrom(recording, groups) : groups).toEqual(recorded(recording));
      expect(sorted(groupsReport(running).ungrouped.map(({ device }) => device))).toEqual(sorted(expected.ungrouped));
      expect(running.assumed).toBeUndefined();
    });

    test('gives what hardware and firmware decide without the log', (context) => {
      if (
        machineOf(strip(tree)).units?.some(
          ({ responds, registers }) => responds === false || registers?.['cap'] === '0x0',
        )
      )
        context.skip('whether a unit works stands only in the log');
      bare(recording, drivers);
    });

    test('gives the recorded units, their places, their links and their files', () => {
      const running = boot(machineOf(strip(tree)), { drivers });
      const { units } = running.iommu;
      expect(units.map(({ name }) => name)).toEqual(expected.iommus);
      expect(unitOf(running)).toEqual(recordedUnits(recording));
      for (const unit of units) {
        const folder = `devices/${unit.parent ?? 'virtual'}/iommu/${unit.name}`;
        expect(tree.link(`sys/class/iommu/${unit.name}`)).toBe(`../../${folder}`);
        const behind = running.devices.filter((device) => running.outcomeOf(device).unit === unit);
        expect(sorted(behind.map(({ name }) => name))).toEqual(sorted(tree.list(`sys/${folder}/devices`)));
        expect(running.iommu.unitAttributes(unit)).toEqual(recordedFiles(tree, `sys/${folder}`));
      }
    });

    test('is found equal to what the kernel formed', () => {
      const report = check(boot(machineOf(tree), { drivers }));
      const ids = mayNotKnow(recording) ? 'unknown' : 'equal';
      expect(report).toMatchObject({ partition: 'equal', ids, differing: [], missing: [] });
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
};
