import { check, groupsReport } from '@iommu/analysis';
import { boot, type RunningMachine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { computed, describeRecordings, recorded, sorted } from '../support/recorded-behaviour.js';
import { machineOf, type Recording, recordedMachines } from '../support/recordings.js';
import { strip } from '../support/strip.js';
import { random, runs } from '../support/sweep.js';

const drivers = allDrivers();
const categories = ['smmuv3', 'rules', 'pairs', 'asked'];

const concerned = (await recordedMachines(categories)).filter(({ expected }) => expected.iommu === 'smmuv3');

/** Hardware, firmware, the release and driver links: no log. What was observed is only there to be compared with. */
const bootBare = ({ tree }: Recording): RunningMachine => {
  const { observed } = machineOf(tree);
  return boot({ ...machineOf(strip(tree, true)), ...(observed && { observed }) }, { drivers });
};

/** In which order several root buses are found only the log tells, or AML. */
const hasOneRoot = ({ topology }: RunningMachine): boolean =>
  new Set(topology.devices.filter(({ pciBus }) => !pciBus.parent).map(({ pciBus }) => pciBus)).size === 1;

test('there are as many recordings as were made', () => {
  expect(concerned.length).toBeGreaterThanOrEqual(40);
});

// Before 6.15 ids rest on the order of driver probes, which without the log is unknown, and is said to be.
describeRecordings(concerned, drivers, (recording) => {
  const running = bootBare(recording);
  const report = check(running);
  if (running.contested.size === 0) expect(report).toMatchObject({ partition: 'equal', differing: [] });
  else expect(report?.partition).not.toBe('differs');
  if (hasOneRoot(running)) expect(report?.ids).not.toBe('differs');
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
  expect(unknown).toEqual({ '6.1': '16 of 31', '6.12': '2 of 3', '7.3': '0 of 7' });
});
