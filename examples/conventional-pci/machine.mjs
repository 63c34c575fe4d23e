// A machine of 2012: two conventional cards behind one bridge, as in the kernel's own documentation of VFIO. Written by hand.
import { writeDmar } from '@iommu/driver-intel-vtd';
import {
  conventionalDevice,
  endpoint,
  integratedEndpoint,
  layOut,
  multifunction,
  pciBridge,
  rootPort,
} from '@iommu/machine/build';

const network = () =>
  endpoint({
    id: '8086:10d3',
    class: '020000',
    driver: 'e1000e',
    label: 'Intel Corporation 82574L Gigabit Network Connection',
  });
const port = (slot, behind = []) =>
  rootPort({ slot, id: `8086:${(0x3407 + slot).toString(16)}`, driver: 'pcieport', acs: true }, behind);
/** Parts of the chipset, one a slot. */
const peripherals = Array.from({ length: 16 }, (_, at) =>
  integratedEndpoint({
    slot: 8 + at,
    id: `8086:${(0x3420 + at).toString(16)}`,
    class: '088000',
    label: 'Intel Corporation 5520/5500/X58 I/O Hub',
  }),
);
const usb = (slot, id) =>
  conventionalDevice({
    slot,
    id,
    class: '0c0320',
    driver: 'ehci-pci',
    label: 'Intel Corporation 82801JI (ICH10 Family) USB2 EHCI Controller',
  });

export const box = () => ({
  schema: 1,
  name: 'authored: conventional PCI',
  notes: [{ severity: 'info', code: 'authored', message: 'this machine was written by hand; no kernel was asked' }],
  kernel: { release: '3.10.0', arch: 'x86_64', commandLine: 'intel_iommu=on' },
  firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } },
  units: [
    { name: 'dmar0', address: '0xfed90000', registers: { cap: '0xc90780106f0462', ecap: '0xf020fe', version: '0x10' } },
  ],
  pci: layOut([
    {
      devices: [
        conventionalDevice({
          slot: 0,
          id: '8086:3403',
          class: '060000',
          label: 'Intel Corporation 5500 I/O Hub to ESI Port',
        }),
        port(1, [network()]),
        port(3, [network()]),
        port(5),
        port(7),
        ...peripherals,
        conventionalDevice({
          slot: 0x19,
          id: '8086:10de',
          class: '020000',
          driver: 'e1000e',
          label: 'Intel Corporation 82567LM-3 Gigabit Network Connection',
        }),
        usb(0x1a, '8086:3a3c'),
        conventionalDevice({
          slot: 0x1b,
          id: '8086:3a3e',
          class: '040300',
          driver: 'snd_hda_intel',
          label: 'Intel Corporation 82801JI (ICH10 Family) HD Audio Controller',
        }),
        port(0x1c),
        usb(0x1d, '8086:3a3a'),
        pciBridge({ slot: 0x1e, id: '8086:244e', class: '060401', label: 'Intel Corporation 82801 PCI Bridge' }, [
          multifunction(
            conventionalDevice({
              slot: 0x0d,
              id: '13d0:2103',
              class: '028000',
              label: 'Techsan Electronics Co Ltd B2C2 FlexCopII DVB chip',
            }),
            conventionalDevice({
              id: '1102:0004',
              class: '040100',
              driver: 'snd_emu10k1',
              label: 'Creative Labs EMU10k2/CA0100/CA0102/CA10200 [Sound Blaster Audigy Series]',
            }),
          ),
        ]),
        multifunction(
          conventionalDevice({
            slot: 0x1f,
            id: '8086:3a16',
            class: '060100',
            label: 'Intel Corporation 82801JIR (ICH10R) LPC Interface Controller',
          }),
          conventionalDevice({
            id: '8086:3a22',
            class: '010601',
            driver: 'ahci',
            label: 'Intel Corporation 82801JI (ICH10 Family) SATA AHCI Controller',
          }),
        ),
      ],
    },
  ]),
});
