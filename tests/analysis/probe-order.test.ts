import { check, groupsReport, partitionIsCertain } from '@iommu/analysis';
import { smmu, writeIort } from '@iommu/driver-smmu';
import { boot, type Machine, type MachineProbes } from '@iommu/machine';
import { conventionalDevice, endpoint, layOut, pcieToPciBridge, rootPort } from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';

/* Two devices that an SMMUv3 can serve only one of, and two that it serves both: on a kernel where probes decide. */

const IORT = writeIort({ smmus: [{ version: 'v3', base: 0x9050000n }], rootComplexes: [{ segment: 0, smmu: 0 }] });
const pci = layOut([
  {
    devices: [
      rootPort({ slot: 1, acs: true, driver: 'pcieport' }, [
        pcieToPciBridge({ driver: null }, [
          conventionalDevice({ slot: 1, driver: 'foo' }),
          conventionalDevice({ slot: 2, driver: 'bar' }),
        ]),
      ]),
      endpoint({ slot: 2, driver: 'baz', class: '020000' }),
      endpoint({ slot: 3, driver: null, class: '020000' }),
    ],
  },
]);

const machine: Machine = {
  schema: 1,
  kernel: { release: '6.12.0-arm64', commandLine: '' },
  firmware: { acpi: { IORT } },
  pci,
};

const [FOO, BAR, BAZ] = ['0000:02:01.0', '0000:02:02.0', '0000:00:02.0'] as const;
const history = (...devices: string[]): MachineProbes => ({
  order: devices.map((device) => ({ device, driver: 'x' })),
});
const run = (more: Partial<Machine> = {}) => boot({ ...machine, ...more }, { drivers: [smmu()] });

const groups = (more: Partial<Machine> = {}) =>
  groupsReport(run(more)).groups.map(({ id, devices }) => `${id ?? '?'}: ${devices.join(' ')}`);

test('a history of probes decides ids, and who is served', () => {
  expect(groups({ probes: history(BAZ, BAR, FOO) })).toEqual([
    '0: 0000:00:01.0',
    `1: 0000:01:00.0 ${BAR}`,
    `2: ${BAZ}`,
  ]);
  expect(groups({ probes: history(FOO, BAR, BAZ) })[1]).toBe(`1: 0000:01:00.0 ${FOO}`);
});

describe('without a history', () => {
  test('ids that rest on it are not given', () => {
    expect(groups()).toEqual(['0: 0000:00:01.0', `1: 0000:01:00.0 ${FOO}`, `?: ${BAZ}`]);
  });

  test('it is said what is not known', () => {
    const codes = groupsReport(run()).diagnostics.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['probe-order-unknown', 'probe-order-decides']));
  });

  test('the partition is not certain', () => {
    expect(partitionIsCertain(run(), run())).toBe(false);
    const settled = run({ probes: history(FOO, BAR, BAZ) });
    expect(partitionIsCertain(settled, settled)).toBe(true);
  });

  test('what was observed agrees whichever of the two was served', () => {
    const observed = (served: string) => ({
      source: 'sysfs' as const,
      groups: [
        { id: 0, devices: ['0000:00:01.0'] },
        { id: 1, devices: ['0000:01:00.0', served] },
        { id: 2, devices: [BAZ] },
      ],
    });
    expect(check(run({ observed: observed(FOO) }))).toMatchObject({ partition: 'equal', ids: 'unknown' });
    expect(check(run({ observed: observed(BAR) }))).toMatchObject({ partition: 'unknown' });
  });

  test('what was observed differs when it has another device in a group', () => {
    const groups = [{ id: 0, devices: ['0000:00:01.0', '0000:00:03.0'] }];
    expect(check(run({ observed: { source: 'sysfs', groups } }))?.partition).toBe('differs');
  });
});
