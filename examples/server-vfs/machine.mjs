// A server: two PCI segments, each with an IOMMU and a network card that has 128 virtual functions. Written by hand.
import { writeDmar } from '@iommu/driver-intel-vtd';
import { endpoint, layOut, rootPort } from '@iommu/machine/build';

const network = () =>
  endpoint({
    id: '8086:159b',
    class: '020000',
    driver: 'ice',
    acs: true,
    label: 'Intel Corporation Ethernet Controller E810-XXV for SFP',
    vfs: { count: 128, offset: 8, id: '8086:1889', driver: 'iavf' },
  });

export const server = () => ({
  schema: 1,
  name: 'authored: server',
  notes: [{ severity: 'info', code: 'authored', message: 'this machine was written by hand; no kernel was asked' }],
  kernel: { release: '6.12.0', arch: 'x86_64', commandLine: 'intel_iommu=on' },
  firmware: {
    acpi: {
      DMAR: writeDmar({
        units: [
          { registerBase: 0xd0000000n, segment: 0 },
          { registerBase: 0xe0000000n, segment: 1 },
        ],
        hostAddressWidth: 46,
      }),
    },
  },
  units: [
    {
      name: 'dmar0',
      address: '0xd0000000',
      registers: { cap: '0x1c0000c40660462', ecap: '0x29a00f0505e', version: '0x40' },
    },
    {
      name: 'dmar1',
      address: '0xe0000000',
      registers: { cap: '0x1c0000c40660462', ecap: '0x29a00f0505e', version: '0x40' },
    },
  ],
  pci: layOut(
    [0, 1].map((segment) => ({
      segment,
      devices: [rootPort({ slot: 1, id: '8086:352a', driver: 'pcieport', acs: true }, [network()])],
    })),
  ),
});
