import { writeIvrs } from '@iommu/driver-amd-vi';
import { writeDmar } from '@iommu/driver-intel-vtd';
import { writeIort } from '@iommu/driver-smmu';
import { writeDeviceTree } from '@iommu/firmware';
import type { Machine } from '@iommu/machine';
import {
  conventionalDevice,
  endpoint,
  integratedEndpoint,
  layOut,
  multifunction,
  pcieToPciBridge,
  platformDevice,
  rootPort,
} from '@iommu/machine/build';
import { installedModule } from '../support/registry/rehearsal.js';

/*
 * Machines for the kit, a few for each driver: with firmware of every kind that it reads, and one that leaves the firmware to be supposed.
 */

const card = (id = '8086:1533') => endpoint({ id, class: '020000' });
const gpu = multifunction(
  endpoint({ id: '10de:2684', class: '030000' }),
  endpoint({ id: '10de:22ba', class: '040300' }),
);
const isolated = { acs: true } as const;

const intelHardware = layOut([
  {
    devices: [
      integratedEndpoint({ id: '8086:3e30', class: '060000' }),
      integratedEndpoint({ id: '8086:3e92', class: '030000' }),
      rootPort({ slot: 4, id: '8086:1901', ...isolated }, [card()]),
      rootPort({ slot: 5, id: '8086:1901' }, [gpu]),
      rootPort({ slot: 6, id: '8086:1905', ...isolated }, [
        pcieToPciBridge({}, [conventionalDevice(), conventionalDevice()]),
      ]),
      integratedEndpoint({ slot: 20, id: '8086:a36d', class: '0c0330' }),
    ],
  },
]);

const scope = (device: number) => [{ type: 'endpoint', path: [{ device, function: 0 }] }] as const;

const intel: readonly Machine[] = [
  {
    schema: 1,
    name: 'two VT-d units, and memory of the firmware',
    kernel: { release: '7.0', arch: 'x86_64', commandLine: 'intel_iommu=on' },
    firmware: {
      acpi: {
        DMAR: writeDmar({
          units: [{ registerBase: 0xfed90000n, scopes: scope(1) }, { registerBase: 0xfed91000n }],
          reservedMemory: [
            { base: 0x9d000000n, limit: 0x9f7fffffn, scopes: scope(1) },
            { base: 0x9c0e1000n, limit: 0x9c0fffffn, scopes: scope(20) },
          ],
        }),
      },
    },
    pci: intelHardware,
  },
  {
    schema: 1,
    name: 'no DMAR in the input',
    kernel: { release: '7.0', arch: 'x86_64', commandLine: 'intel_iommu=on' },
    pci: intelHardware,
  },
];

const amdHardware = layOut([
  {
    devices: [
      integratedEndpoint({ id: '1022:1480', class: '060000' }),
      rootPort({ slot: 2, id: '1022:1483', ...isolated }, [card('1022:1485')]),
      rootPort({ slot: 3, id: '1022:1483' }, [gpu]),
      rootPort({ slot: 4, id: '1022:1483', ...isolated }, [
        pcieToPciBridge({}, [conventionalDevice(), conventionalDevice()]),
      ]),
      integratedEndpoint({ slot: 1, id: '1022:1481', class: '080600' }),
    ],
  },
]);
const AMD_UNIT = 1 << 3;

const amd: readonly Machine[] = [
  {
    schema: 1,
    name: 'AMD-Vi with an alias, memory and a device of the ACPI name space',
    kernel: { release: '7.0', arch: 'x86_64' },
    firmware: {
      acpi: {
        IVRS: writeIvrs({
          units: [
            {
              type: 0x40,
              deviceId: AMD_UNIT,
              entries: [
                { kind: 'range', first: 0x0008, last: 0xfffe },
                { kind: 'acpi-hid', deviceId: 0xa5, hid: 'AMDI0020', uid: '0' },
              ],
            },
          ],
          memory: [{ start: 0xe0000000n, length: 0x10000n, devices: { first: 0x100, last: 0x1ff } }],
        }),
      },
    },
    pci: amdHardware,
    devices: [{ ...platformDevice('AMDI0020:00'), hardwareId: 'AMDI0020', uniqueId: '0' }],
  },
  { schema: 1, name: 'no IVRS in the input', kernel: { release: '7.0', arch: 'x86_64' }, pci: amdHardware },
];

const armHardware = layOut([
  {
    devices: [
      integratedEndpoint({ id: '1af4:1000', class: '020000' }),
      rootPort({ slot: 1, id: '13b5:0100', ...isolated }, [card()]),
      rootPort({ slot: 2, id: '13b5:0100' }, [gpu]),
    ],
  },
]);
const armKernel = { release: '7.3', arch: 'aarch64' } as const;
const byIort = (name: string, version: 'v2' | 'v3'): Machine => ({
  schema: 1,
  name,
  kernel: armKernel,
  firmware: {
    acpi: {
      IORT: writeIort({ smmus: [{ version, base: 0x9050000n }], rootComplexes: [{ segment: 0, smmu: 0 }] }),
    },
  },
  pci: armHardware,
});

/** Two devices that an SMMU cannot tell apart, and one that it can. */
const streams = (compatible: string, shared: boolean): Machine => ({
  schema: 1,
  name: `${compatible} by device tree`,
  kernel: armKernel,
  firmware: {
    deviceTree: writeDeviceTree({
      properties: { compatible: 'a-board', '#address-cells': [1], '#size-cells': [1] },
      nodes: {
        'smmu@9050000': {
          properties: { compatible, reg: [0x9050000, 0x20000], '#iommu-cells': [1], phandle: [1] },
        },
        'ethernet@9040000': { properties: { compatible: 'a-network-card', iommus: [1, 5] } },
        'dma@9060000': { properties: { compatible: 'a-dma-engine', iommus: [1, shared ? 5 : 6] } },
        'usb@9070000': { properties: { compatible: 'a-usb-host', iommus: [1, 7] } },
      },
    }),
  },
  devices: ['smmu@9050000', 'ethernet@9040000', 'dma@9060000', 'usb@9070000'].map((node) => {
    const [kind, address] = node.split('@');
    return platformDevice(`${address}.${kind}`, { firmwareNode: `/${node}` });
  }),
});

const arm: readonly Machine[] = [
  byIort('SMMUv3 by IORT', 'v3'),
  byIort('SMMUv2 by IORT', 'v2'),
  { ...byIort('groups form as drivers are probed', 'v3'), kernel: { ...armKernel, release: '6.12' } },
  streams('arm,smmu-v3', false),
  streams('arm,smmu-v2', true),
  { schema: 1, name: 'no IORT in the input', kernel: armKernel, pci: armHardware },
];

const guestHardware = layOut([
  {
    devices: [
      integratedEndpoint({ slot: 1, id: '1af4:1057', class: '00ff00' }),
      rootPort({ slot: 2, id: '1b36:000c', ...isolated }, [card('1af4:1041')]),
      rootPort({ slot: 3, id: '1b36:000c', ...isolated }, [gpu]),
      integratedEndpoint({ slot: 5, id: '1af4:1042', class: '010000' }),
    ],
  },
]);
/** Of another author, from the registry to which the rehearsed release went. */
interface VirtioModule {
  writeViot(sketch: {
    readonly iommus: readonly string[];
    readonly ranges: readonly { readonly first: string; readonly last: string }[];
  }): Uint8Array;
}
const { writeViot } = await installedModule<VirtioModule>('iommu-driver-virtio');
const VIOT = writeViot({ iommus: ['00:01.0'], ranges: [{ first: '00:00.0', last: 'ff:1f.7' }] });

const guest: readonly Machine[] = [
  {
    schema: 1,
    name: 'a VIOT, and groups that form as drivers are probed',
    kernel: { release: '6.12', arch: 'x86_64' },
    firmware: { acpi: { VIOT } },
    pci: guestHardware,
  },
  {
    schema: 1,
    name: 'a VIOT',
    kernel: { release: '7.3', arch: 'x86_64' },
    firmware: { acpi: { VIOT } },
    pci: guestHardware,
  },
  { schema: 1, name: 'no VIOT in the input', kernel: { release: '7.3', arch: 'x86_64' }, pci: guestHardware },
];

/** By the name of the driver. */
export const MACHINES = { 'intel-vtd': intel, 'amd-vi': amd, smmu: arm, virtio: guest } as const satisfies Readonly<
  Record<string, readonly Machine[]>
>;
