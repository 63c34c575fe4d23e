import { posix } from 'node:path';
import { check, groupsReport } from '@iommu/analysis';
import { smmu } from '@iommu/driver-smmu';
import { type FileTree, readSnapshot } from '@iommu/host';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { archives, type Recording, readRecordings } from '../support/recordings.js';
import { strip } from '../support/strip.js';
import { random, runs } from '../support/sweep.js';

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

/** Where a link of the recording leads, below the top of sysfs. */
const target = (tree: FileTree, path: string): string | undefined => {
  const text = tree.link(path);
  return text === undefined ? undefined : posix.join(posix.dirname(path), text);
};

/** Hardware, firmware, the release and driver links: no log. What was observed is only there to be compared with. */
const bootBare = ({ tree }: Recording): RunningMachine => {
  const { observed } = machineOf(tree);
  return boot({ ...machineOf(strip(tree, true)), ...(observed && { observed }) }, { drivers });
};

/** In which order several root buses are found only the log tells, or AML. */
const hasOneRoot = ({ topology }: RunningMachine): boolean =>
  new Set(topology.devices.filter(({ pciBus }) => !pciBus.parent).map(({ pciBus }) => pciBus)).size === 1;

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

  test('gives the recorded units, their parents and their links', () => {
    const running = boot(machineOf(strip(tree)), { drivers });
    expect(running.iommu.units.map(({ name }) => name)).toEqual(expected.iommus);
    for (const unit of running.iommu.units) {
      const place = `sys/devices/${unit.parent}/iommu/${unit.name}`;
      expect(target(tree, `sys/class/iommu/${unit.name}`)).toBe(place);
      expect(target(tree, `${place}/device`)).toBe(`sys/devices/${unit.parent}`);
      const linked = running.devices.filter((device) => running.outcomeOf(device).unit === unit);
      expect(sorted(tree.list(`${place}/devices`))).toEqual(sorted(linked.map(({ name }) => name)));
      for (const { name, path } of linked) {
        expect(target(tree, `${place}/devices/${name}`)).toBe(`sys/devices/${path}`);
        expect(target(tree, `sys/devices/${path}/iommu`)).toBe(place);
      }
    }
    const units = running.devices.map((device) => [device.name, running.outcomeOf(device).unit?.name ?? null]);
    const recordedUnits = Object.entries(expected.devices).map(([name, { iommu }]) => [name, iommu]);
    expect(Object.fromEntries(units)).toEqual(Object.fromEntries(recordedUnits));
  });

  test('gives what hardware, firmware and driver links decide, and says what they do not', () => {
    const running = bootBare(recording);
    const report = check(running);
    if (running.contested.size === 0) expect(report).toMatchObject({ partition: 'equal', differing: [] });
    else expect(report?.partition).not.toBe('differs');
    if (hasOneRoot(running)) expect(report?.ids).not.toBe('differs');
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

describe('one machine with a device tree on two kernels', () => {
  const pair = concerned.filter(({ name }) => name.startsWith('pairs/kernel-6.1-to-7.3-smmuv3-dt'));
  const [before, after] = pair as [Recording, Recording];

  test('gives what the newer formed from a recording of the older', () => {
    const running = boot(machineOf(strip(before.tree)), { drivers, kernel: after.expected.kernel });
    expect(computed(running)).toEqual(recorded(after));
  });

  test('says what it cannot know of the older from a recording of the newer, and is right with the worst', () => {
    const running = boot(machineOf(strip(after.tree)), { drivers, kernel: before.expected.kernel });
    expect(computed(running)).toEqual(recorded(before));
    expect(groupsReport(running).diagnostics.map(({ code }) => code)).toContain('fact-unknown');
  });
});

describe.each(concerned.filter(({ expected }) => expected.kernel.startsWith('6.')))(
  '$name with holes in its log',
  (recording) => {
    const machine = machineOf(strip(recording.tree));
    const idOf = new Map(
      recording.expected.groups.flatMap(({ id, devices }) => devices.map((name) => [name, id] as const)),
    );

    test('gives no wrong id for a sure one', () => {
      const next = random(recording.name.length);
      for (let n = 0; n < runs(50, 4); n++) {
        const keep = 1 + next(4);
        const order = (machine.probes?.order ?? []).filter(() => next(4) < keep);
        const running = boot({ ...machine, probes: { order } }, { drivers });
        for (const group of running.iommu.groups) {
          if (!running.idIsKnown(group)) continue;
          for (const device of group.devices.filter((one) => !running.contested.has(one))) {
            expect(`${device.name} ${group.id}`).toBe(`${device.name} ${idOf.get(device.name) ?? 'none'}`);
          }
        }
        if (running.contested.size > 0) continue;
        const grouped = running.devices.filter((device) => running.iommu.groups.of(device)).map(({ name }) => name);
        expect(sorted(grouped)).toEqual(sorted([...idOf.keys()]));
      }
    });
  },
);

test('without the log, the ids of so many recordings rest on an order of probes that nothing tells', () => {
  const unknown: Record<string, string> = {};
  for (const release of ['6.1', '6.12', '7.3']) {
    const ofRelease = concerned.filter(({ expected }) => expected.kernel.startsWith(`${release}.`));
    const open = ofRelease.filter((recording) =>
      groupsReport(bootBare(recording)).groups.some(({ id }) => id === null),
    );
    unknown[release] = `${open.length} of ${ofRelease.length}`;
  }
  expect(unknown).toEqual({ '6.1': '13 of 24', '6.12': '1 of 2', '7.3': '0 of 6' });
});
