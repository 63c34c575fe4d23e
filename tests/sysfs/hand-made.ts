/*
 * Machines that show what no recording holds: every path of the tree that depends on hardware, firmware, a driver or a
 * release must be rendered by one of them, or by a recording.
 */
import type { BoundDriver, IommuDriver } from '@iommu/core';
import { intelVtd, writeDmar } from '@iommu/driver-intel-vtd';
import { smmu, writeIort } from '@iommu/driver-smmu';
import { writeDeviceTree } from '@iommu/firmware';
import { boot, type Machine, PCI_ATTRIBUTES, type PciAttribute, type RunningMachine } from '@iommu/machine';
import { conventionalDevice, endpoint, layOut, platformDevice, rootPort } from '@iommu/machine/build';
import { allDrivers } from '../support/drivers.js';

/** What a function's file `resource` holds: memory that may be prefetched, ports, a ROM. */
const RESOURCE = [
  '0x0000004000000000 0x000000400007ffff 0x000000000014220c',
  '0x000000000000c000 0x000000000000c01f 0x0000000000040101',
  ...new Array<string>(4).fill('0x0000000000000000 0x0000000000000000 0x0000000000000000'),
  '0x00000000fea00000 0x00000000fea0ffff 0x0000000000046200',
].join('\n');

const CONTENT: Readonly<Partial<Record<PciAttribute, string>>> = { resource: RESOURCE, sriov_totalvfs: '4' };

/** Every attribute that a dump can hold. */
const attributes = Object.fromEntries(PCI_ATTRIBUTES.map((name) => [name, CONTENT[name] ?? '1']));

const vtd: Machine = (() => {
  const network = endpoint({ id: '8086:10c9', class: '020000', driver: 'igb', acs: true, vfs: { count: 2 } });
  const { functions, ...pci } = layOut([
    {
      devices: [
        conventionalDevice({ id: '8086:29c0', class: '060000' }),
        rootPort({ slot: 1, id: '8086:1901', acs: true, driver: 'pcieport' }, [network]),
        endpoint({ slot: 0x0e, id: '8086:467f', class: '010400', driver: 'vmd' }),
      ],
    },
    { segment: 0x10000, bus: 0xe0, devices: [rootPort({ slot: 6, id: '8086:2030' }, [endpoint()])] },
  ]);
  return {
    schema: 1,
    kernel: { release: '7.3', arch: 'x86_64', commandLine: 'intel_iommu=on' },
    firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } },
    units: [
      {
        name: 'dmar0',
        address: '0xfed90000',
        registers: { cap: '0xd2008c222f0686', ecap: '0xf00f4a', version: '0x10' },
      },
    ],
    pci: {
      ...pci,
      functions: functions.map((one) => ({
        ...one,
        subsystem: '1af4:1100',
        revision: '02',
        ...(one.address === '0000:01:00.0' && { attributes }),
        ...(one.address.startsWith('10000:') && { segmentHost: '0000:00:0e.0' }),
      })),
    },
  };
})();

/** An Arm machine as a device tree has it, with devices on other buses than PCI. */
const deviceTree: Machine = {
  schema: 1,
  kernel: { release: '7.3', arch: 'aarch64' },
  firmware: {
    deviceTree: writeDeviceTree({
      properties: { compatible: 'a-board' },
      nodes: {
        soc: {
          nodes: {
            'smmu@9050000': {
              properties: {
                compatible: 'arm,smmu-v3',
                reg: [0, 0x9050000, 0, 0x20000],
                '#iommu-cells': [1],
                phandle: [1],
              },
            },
            'ethernet@9040000': { properties: { compatible: 'a-network-card', iommus: [1, 5] } },
          },
        },
      },
    }),
  },
  devices: [
    platformDevice('pcspkr'),
    { ...platformDevice('9050000.smmu', { firmwareNode: '/soc/smmu@9050000', below: 'soc' }) },
    { ...platformDevice('9040000.ethernet', { firmwareNode: '/soc/ethernet@9040000', below: 'soc', driver: 'macb' }) },
  ],
};

/** The same by ACPI, with an SMMU of the older kind. */
const smmuV2: Machine = {
  schema: 1,
  kernel: { release: '7.3', arch: 'aarch64' },
  firmware: {
    acpi: {
      IORT: writeIort({ smmus: [{ version: 'v2', base: 0x2b400000n }], rootComplexes: [{ segment: 0, smmu: 0 }] }),
    },
  },
  pci: layOut([{ devices: [endpoint()] }]),
};

/** A driver that gives its groups names, as some do that are not modelled. */
const naming = (inner: IommuDriver): IommuDriver => ({
  ...inner,
  bind(platform) {
    const bound = inner.bind(platform);
    if (!bound) return undefined;
    const deviceGroup: BoundDriver['deviceGroup'] = (device, groups) => {
      const decision = plain(device, groups);
      if ('group' in decision) groups.setName(decision.group, `domain${decision.group.id}`);
      return decision;
    };
    const plain = bound.deviceGroup.bind(bound);
    return Object.assign(bound, { deviceGroup });
  },
});

/** Releases between which the shape of the tree changes. */
const RELEASES = ['3.1', '3.4', '3.10', '4.0', '4.9', '5.4', '5.10'];

/** By what each is there for. */
export const handMade = (): ReadonlyMap<string, RunningMachine> =>
  new Map([
    ['VT-d with VMD and SR-IOV', boot(vtd, { drivers: allDrivers() })],
    ...RELEASES.map((kernel) => [`the same of ${kernel}`, boot(vtd, { drivers: allDrivers(), kernel })] as const),
    ['groups with names', boot(vtd, { drivers: [naming(intelVtd())] })],
    ['SMMUv3 by device tree', boot(deviceTree, { drivers: [smmu()] })],
    ['SMMUv2 by IORT', boot(smmuV2, { drivers: [smmu()] })],
    ['nothing known', boot({ schema: 1 }, { drivers: allDrivers() })],
  ]);
