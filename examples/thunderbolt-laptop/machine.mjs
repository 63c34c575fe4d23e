// A laptop with a Thunderbolt port, and a dock with a network card and a disk. Written by hand.
import { writeDmar } from '@iommu/driver-intel-vtd';
import {
  conventionalDevice,
  downstreamPort,
  endpoint,
  integratedEndpoint,
  layOut,
  pcieSwitch,
  rootPort,
} from '@iommu/machine/build';

const port = { slot: 7, id: '8086:9a23', driver: 'pcieport', acs: true };
const dock = () =>
  pcieSwitch({ id: '8086:15ef', driver: 'pcieport' }, [
    downstreamPort({ slot: 0, id: '8086:15ef', driver: 'pcieport', acs: true }, [
      endpoint({
        id: '8086:15f3',
        class: '020000',
        driver: 'igc',
        label: 'Intel Corporation Ethernet Controller I225-V',
      }),
    ]),
    downstreamPort({ slot: 1, id: '8086:15ef', driver: 'pcieport', acs: true }, [
      endpoint({
        id: '144d:a80a',
        class: '010802',
        driver: 'nvme',
        label: 'Samsung Electronics Co Ltd NVMe SSD Controller PM9A1',
      }),
    ]),
  ]);
const built = (behind) =>
  layOut([
    {
      devices: [
        conventionalDevice({ slot: 0, id: '8086:9a14', class: '060000', label: 'Intel Corporation Host Bridge' }),
        integratedEndpoint({
          slot: 2,
          id: '8086:9a49',
          class: '030000',
          driver: 'i915',
          label: 'Intel Corporation Iris Xe Graphics',
        }),
        conventionalDevice({
          slot: 0x14,
          id: '8086:a0ed',
          class: '0c0330',
          driver: 'xhci_hcd',
          label: 'Intel Corporation USB Controller',
        }),
        rootPort(port, behind),
      ],
    },
  ]);

/** The laptop without anything at its Thunderbolt port. */
export const laptop = () => ({
  schema: 1,
  name: 'authored: laptop',
  notes: [{ severity: 'info', code: 'authored', message: 'this machine was written by hand; no kernel was asked' }],
  kernel: { release: '6.12.0', arch: 'x86_64', commandLine: 'intel_iommu=on' },
  firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed91000n }] }) } },
  units: [
    {
      name: 'dmar0',
      address: '0xfed91000',
      registers: { cap: '0x1c0000c40660462', ecap: '0x29a00f0505e', version: '0x40' },
    },
  ],
  pci: built([]),
});

/** What appears when the dock is plugged in: parents before children. */
export const dockFunctions = () => {
  const isThere = new Set(built([]).functions.map(({ address }) => address));
  return built([dock()])
    .functions.filter(({ address }) => !isThere.has(address))
    .map((fn) => ({ ...fn, untrusted: true }));
};
