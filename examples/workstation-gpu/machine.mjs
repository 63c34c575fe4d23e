// A desktop computer: two processor ports in one slot without ACS, ports of the chipset with it. Written by hand.
import { writeDmar } from '@iommu/driver-intel-vtd';
import {
  conventionalDevice,
  endpoint,
  integratedEndpoint,
  layOut,
  multifunction,
  rootPort,
} from '@iommu/machine/build';

const graphicsCard = () =>
  multifunction(
    endpoint({
      id: '10de:2684',
      class: '030000',
      driver: 'nouveau',
      label: 'NVIDIA Corporation AD102 [GeForce RTX 4090]',
    }),
    endpoint({
      id: '10de:22ba',
      class: '040300',
      driver: 'snd_hda_intel',
      label: 'NVIDIA Corporation AD102 High Definition Audio Controller',
    }),
  );
const disk = () =>
  endpoint({
    id: '144d:a80c',
    class: '010802',
    driver: 'nvme',
    label: 'Samsung Electronics Co Ltd NVMe SSD Controller S4LV008[Pascal]',
  });
const network = () =>
  endpoint({ id: '8086:15f3', class: '020000', driver: 'igc', label: 'Intel Corporation Ethernet Controller I225-V' });

/** @param slot - Where the graphics card is: beside the processor, or behind the chipset. */
export const workstation = (slot = 'processor') => ({
  schema: 1,
  name: 'authored: workstation',
  notes: [{ severity: 'info', code: 'authored', message: 'this machine was written by hand; no kernel was asked' }],
  kernel: { release: '6.12.0', arch: 'x86_64', commandLine: 'quiet intel_iommu=on iommu=pt' },
  firmware: {
    acpi: {
      DMAR: writeDmar({
        units: [
          { registerBase: 0xfed90000n, scopes: [{ type: 'endpoint', path: [{ device: 2, function: 0 }] }] },
          { registerBase: 0xfed91000n },
        ],
        reservedMemory: [
          { base: 0x4b000000n, limit: 0x4f7fffffn, scopes: [{ type: 'endpoint', path: [{ device: 2, function: 0 }] }] },
        ],
      }),
    },
  },
  units: [
    {
      name: 'dmar0',
      address: '0xfed90000',
      registers: { cap: '0x1c0000c40660462', ecap: '0x29a00f0505e', version: '0x40' },
    },
    {
      name: 'dmar1',
      address: '0xfed91000',
      registers: { cap: '0x1c0000c40660462', ecap: '0x29a00f0505e', version: '0x40' },
    },
  ],
  pci: layOut([
    {
      devices: [
        conventionalDevice({ slot: 0, id: '8086:a700', class: '060000', label: 'Intel Corporation Host Bridge' }),
        multifunction(
          rootPort({ slot: 1, id: '8086:a70d', driver: 'pcieport' }, slot === 'processor' ? [graphicsCard()] : []),
          rootPort({ id: '8086:a70e', driver: 'pcieport' }, [disk()]),
        ),
        integratedEndpoint({
          slot: 2,
          id: '8086:a780',
          class: '038000',
          driver: 'i915',
          label: 'Intel Corporation UHD Graphics 770',
        }),
        conventionalDevice({
          slot: 0x14,
          id: '8086:7a60',
          class: '0c0330',
          driver: 'xhci_hcd',
          label: 'Intel Corporation USB 3.2 Controller',
        }),
        multifunction(
          rootPort(
            { slot: 0x1c, id: '8086:7ab8', driver: 'pcieport', acs: true },
            slot === 'chipset' ? [graphicsCard()] : [],
          ),
          rootPort({ id: '8086:7abc', driver: 'pcieport', acs: true }, [network()]),
        ),
        multifunction(
          conventionalDevice({
            slot: 0x1f,
            id: '8086:7a04',
            class: '060100',
            label: 'Intel Corporation LPC Controller',
          }),
          conventionalDevice({
            id: '8086:7a23',
            class: '0c0500',
            driver: 'i801_smbus',
            label: 'Intel Corporation SMBus Controller',
          }),
        ),
      ],
    },
  ]),
});
