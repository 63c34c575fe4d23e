import { check, groupsReport } from '@iommu/analysis';
import { boot, type Machine, type RunningMachine, toBytes } from '@iommu/machine';
import { ConfigSpace, findExtendedCapability } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { computed, describeRecordings, recorded, sorted, withUnknownIdsFrom } from '../support/recorded-behaviour.js';
import { machineOf, type Recording, recordedMachines } from '../support/recordings.js';
import { installedDriver } from '../support/registry/rehearsal.js';
import { strip } from '../support/strip.js';

/** Of another author, from the registry to which the rehearsed release went. */
const virtioIommu = await installedDriver('iommu-driver-virtio');
const drivers = [...allDrivers(), virtioIommu()];
const all = (await recordedMachines(['virtio-iommu', 'rules', 'asked'])).filter(
  ({ expected }) => expected.iommu === 'virtio',
);
const named = (name: string): Recording => {
  const found = all.find((one) => one.name === name);
  if (!found) throw new Error(`no recording ${name}`);
  return found;
};
/** What the kernel's log says was put into groups, in its order: the answer, to be held against the model's. */
const grouped = ({ tree }: Recording): string[] =>
  new TextDecoder()
    .decode(tree.read('dmesg.txt'))
    .split('\n')
    .flatMap((line) => /(\S+): Adding to iommu group/.exec(line)?.[1] ?? []);

/**
 * Whether devices got their groups while the port driver was still on its way to a bridge above them. Who shares a group
 * then rests on who came first, which only the kernel's lines on groups tell.
 */
const isRace = (recording: Recording): boolean => {
  const rank = new Map(grouped(recording).map((name, at) => [name, at]));
  return Object.entries(recording.expected.devices).some(([name, { path }]) => {
    const own = rank.get(name) ?? -1;
    return own >= 0 && path.split('/').some((above) => (rank.get(above) ?? -1) > own);
  });
};

const races = all.filter(isRace);
const concerned = all.filter((one) => !races.includes(one));
const ofRelease = (release: string) => concerned.filter(({ expected }) => expected.kernel.startsWith(`${release}.`));

test('there are as many recordings as were made', () => {
  expect([ofRelease('6.12').length, ofRelease('7.3').length]).toEqual([10, 16]);
});

/**
 * Before 6.15 groups form at probes. Of some nothing is said: on x86 the host bridge is looked at for a graphics aperture,
 * and cards that were found before the IOMMU was there are probed once more without a word.
 */
const rests = ({ expected, name }: Recording): boolean =>
  expected.kernel.startsWith('6.12.') && (expected.kernel.endsWith('amd64') || name.endsWith('acpi-k6.12'));

/** In which order several root buses are found only the log tells, or AML. */
const hasOneRoot = ({ topology }: RunningMachine): boolean =>
  new Set(topology.devices.filter(({ pciBus }) => !pciBus.parent).map(({ pciBus }) => pciBus)).size === 1;

describeRecordings(
  concerned,
  drivers,
  (recording) => {
    const bare = boot(machineOf(strip(recording.tree, true)), { drivers });
    const groups = computed(bare).map((group) => (hasOneRoot(bare) ? group : { ...group, id: null }));
    expect(withUnknownIdsFrom(recording, groups)).toEqual(recorded(recording));
  },
  rests,
);

describe('ids that rest on an order of probes which nothing tells', () => {
  test.each(ofRelease('6.12'))(
    '$name has right ids for those that are given, and says why others are not',
    (recording) => {
      const running = boot(machineOf(strip(recording.tree)), { drivers });
      const ids = groupsReport(running).groups.map(({ id }) => id);
      const codes = running.diagnostics.map(({ code }) => code);
      expect(ids.includes(null)).toBe(rests(recording));
      expect(codes.includes('probe-order-unknown')).toBe(rests(recording));
      // The port driver comes before all others.
      expect(ids[0]).toBe(0);
    },
  );

  test('there are none from 6.15 on', () => {
    for (const { tree } of ofRelease('7.3')) {
      expect(groupsReport(boot(machineOf(strip(tree, true)), { drivers })).groups.map(({ id }) => id)).not.toContain(
        null,
      );
    }
  });
});

test('there is a recording in which devices came before the bridge above them', () => {
  expect(races.map(({ name }) => name)).toEqual(['virtio-iommu/virtio-022']);
});

describe.each(races)('groups of $name, where devices came before the bridge above them', (race) => {
  test('are left open by the log without its answer, and all others are right', () => {
    const running = boot(machineOf(strip(race.tree)), { drivers });
    const groupOf = new Map(
      race.expected.groups.flatMap((group) => group.devices.map((name) => [name, group] as const)),
    );
    expect(running.contested.size).toBeGreaterThan(0);
    for (const group of running.iommu.groups) {
      const observed = groupOf.get(group.devices[0]?.name ?? '');
      if (running.idIsKnown(group)) expect(group.id).toBe(observed?.id);
      if (group.devices.some((device) => running.contested.has(device))) continue;
      expect(sorted(group.devices.map(({ name }) => name))).toEqual(sorted(observed?.devices ?? []));
    }
  });

  test('are not said to differ from what the kernel formed', () => {
    expect(check(boot(machineOf(race.tree), { drivers }))?.partition).toBe('unknown');
  });
});

const ACS_CAPABILITY = 0x0d;

/** The machine as it was before Linux had its hands on ACS: QEMU leaves all control bits clear. */
const beforeBoot = (machine: Machine): Machine => {
  const functions = (machine.pci?.functions ?? []).map((one) => {
    if (one.config === undefined) return one;
    const config = Uint8Array.from(toBytes(one.config, one.address));
    const at = findExtendedCapability(new ConfigSpace(config), ACS_CAPABILITY, undefined);
    if (at) config.fill(0, at + 6, at + 8);
    return { ...one, config };
  });
  return { ...machine, pci: { ...machine.pci, functions, acsRead: 'before-boot' } };
};

describe('ACS', () => {
  test.each(concerned)('is switched on when the kernel of $name did, from what firmware left', (recording) => {
    const running = boot(beforeBoot(machineOf(strip(recording.tree))), { drivers });
    expect(withUnknownIdsFrom(recording, computed(running))).toEqual(recorded(recording));
  });

  test('is asked for before functions are found by a VIOT, and after by a device tree of the same machine', () => {
    const groupsOf = (name: string) =>
      computed(boot(beforeBoot(machineOf(strip(named(name).tree))), { drivers })).map(({ devices }) =>
        devices.join(' '),
      );
    expect(groupsOf('asked/virtio-arm64-acpi-k6.12')).toContain('0000:01:00.0');
    expect(groupsOf('asked/virtio-arm64-dt-k6.12')).toContain('0000:00:02.0 0000:01:00.0');
    expect(groupsOf('asked/virtio-arm64-dt-k7.3')).toContain('0000:01:00.0');
  });
});

describe.each([
  ['rules/virtio-73-device-behind-pci-bridge', '0000:02:01.0', 'arrives as 0x200, which 0000:01:00.0 puts on'],
  ['asked/virtio-arm64-dt-device-behind-bridge-k7.3', '0000:02:01.0', 'arrives as 0x200, which 0000:01:00.0 puts on'],
  ['asked/virtio-conventional-bridge-k7.3', '0000:01:01.0', 'arrives as 0x20, which 0000:00:04.0 puts on'],
] as const)('%s: one device undoes the whole IOMMU', (name, culprit, how) => {
  const recording = named(name);
  const running = boot(machineOf(strip(recording.tree)), { drivers });
  const [unit] = running.iommu.drivers.find((driver) => driver.name === 'virtio')?.bound.units ?? [];

  test('it is the first device that the log does not put into a group', () => {
    const behind = running.devices.filter(({ name: own }) => own !== unit?.name).map(({ name: own }) => own);
    expect(behind[grouped(recording).length]).toBe(culprit);
    expect(grouped(recording)).toEqual(behind.slice(0, grouped(recording).length));
  });

  test('it is why no device has a group', () => {
    for (const device of running.devices) {
      const { group, reasons } = running.outcomeOf(device);
      expect(group).toBeUndefined();
      if (device.name === unit?.name) continue;
      expect(reasons.map(({ rule }) => rule)).toEqual(['endpoint-unknown']);
      expect(reasons[0]?.text).toContain(`knows no endpoint for requester id`);
      expect(reasons[0]?.text).toContain(`of ${culprit}: what ${culprit} sends ${how}`);
      expect(reasons[0]?.devices[0]?.name).toBe(culprit);
    }
  });

  test('the unit stays all the same', () => {
    expect(running.iommu.units).toEqual([unit]);
  });
});

test('before 6.15 such a device alone is left without a group', () => {
  const { tree, expected } = named('asked/virtio-device-behind-pci-bridge-k6.12');
  const running = boot(machineOf(strip(tree)), { drivers });
  const ungrouped = groupsReport(running).ungrouped.map(({ device }) => device);
  expect(sorted(ungrouped)).toEqual(sorted(expected.ungrouped));
  const { reasons } = running.outcomeOf(running.device('0000:02:01.0'));
  expect(reasons.map(({ rule }) => rule)).toEqual(['endpoint-unknown']);
  expect(reasons[0]?.text).not.toContain('gives the whole IOMMU up');
});

test('one machine on both kernels: what the newer formed follows from a recording of the older', () => {
  const [older, newer] = [named('asked/virtio-arm64-acpi-k6.12'), named('asked/virtio-arm64-acpi-k7.3')];
  const running = boot(machineOf(strip(older.tree)), { drivers, kernel: newer.expected.kernel });
  expect(computed(running)).toEqual(recorded(newer));
  expect(check(boot(machineOf(newer.tree), { drivers }))).toMatchObject({ partition: 'equal', ids: 'equal' });
});

test('without the driver, its package is named', () => {
  for (const name of ['virtio-iommu/virtio-001', 'asked/virtio-arm64-acpi-k7.3', 'asked/virtio-arm64-dt-k7.3']) {
    const running = boot(machineOf(strip(named(name).tree)), { drivers: allDrivers() });
    const texts = running.devices.flatMap((device) => running.outcomeOf(device).reasons.map(({ text }) => text));
    expect(new Set(texts).size, name).toBe(1);
    expect(texts[0], name).toContain('install iommu-driver-virtio.');
  }
});
