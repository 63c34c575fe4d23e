import { writeIvrs } from '@iommu/driver-amd-vi';
import { writeDmar } from '@iommu/driver-intel-vtd';
import { writeIort } from '@iommu/driver-smmu';
import type { Machine, MachineKernel } from '@iommu/machine';
import { endpoint, integratedEndpoint, layOut, multifunction, rootPort } from '@iommu/machine/build';

/** Where the hardware has what is an AMD-Vi unit to those who look for one: slot 1. */
const AMD_UNIT = 1 << 3;

const pci = layOut([
  {
    devices: [
      integratedEndpoint({ slot: 1, id: '1022:1481', class: '080600' }),
      rootPort({ slot: 2, id: '1b36:000c' }, [
        multifunction(endpoint({ id: '10de:2684', class: '030000' }), endpoint({ id: '10de:22ba', class: '040300' })),
      ]),
      rootPort({ slot: 3, id: '1b36:000c', acs: true }, [endpoint({ id: '8086:1533', class: '020000' })]),
    ],
  },
]);

const board = (kernel: MachineKernel, acpi: Readonly<Record<string, Uint8Array>>): Machine => ({
  schema: 1,
  kernel: { release: '7.0', ...kernel },
  firmware: { acpi },
  pci,
});

/** One hardware under the IOMMU of each driver, by its name. */
export const BOARDS: Readonly<Record<string, Machine>> = {
  'intel-vtd': board(
    { arch: 'x86_64', commandLine: 'intel_iommu=on' },
    { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) },
  ),
  'amd-vi': board(
    { arch: 'x86_64' },
    {
      IVRS: writeIvrs({
        units: [{ type: 0x40, deviceId: AMD_UNIT, entries: [{ kind: 'range', first: 0x0010, last: 0xfffe }] }],
      }),
    },
  ),
  smmu: board(
    { arch: 'aarch64' },
    { IORT: writeIort({ smmus: [{ version: 'v3', base: 0x9050000n }], rootComplexes: [{ segment: 0, smmu: 0 }] }) },
  ),
};
