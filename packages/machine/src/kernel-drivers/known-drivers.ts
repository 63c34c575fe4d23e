import type { PciId } from './pci-id.js';
import { PCI_ANY_ID } from './pci-id.js';

const ANY: PciId = {
  vendor: PCI_ANY_ID,
  device: PCI_ANY_ID,
  subvendor: PCI_ANY_ID,
  subdevice: PCI_ANY_ID,
  class: 0,
  classMask: 0,
};

/** Every device of a class, `0x010802`; with a vendor, only its devices. */
const ofClass = (code: number, vendor = PCI_ANY_ID): PciId => ({ ...ANY, vendor, class: code, classMask: 0xffffff });

/**
 * Ids of drivers that know devices by more than their number: what such a table says holds on every machine. Tables of
 * plain numbers are not repeated here: a driver also knows the devices that the machine's description shows bound to it.
 *
 * @see Linux v6.1, the `pci_device_id` tables: drivers/pci/pcie/portdrv_pci.c, drivers/pci/hotplug/shpchp_core.c,
 * drivers/nvme/host/pci.c, drivers/usb/host/{xhci,ehci,ohci,uhci}-*.c, drivers/ata/ahci.c, sound/pci/hda/hda_intel.c,
 * drivers/virtio/virtio_pci_common.c
 */
const TABLES: Readonly<Record<string, readonly PciId[]>> = {
  pcieport: [ofClass(0x060400), ofClass(0x060401), ofClass(0x080700)],
  shpchp: [ofClass(0x060400)],
  // QEMU's has a row of its own, for a quirk.
  nvme: [ofClass(0x010802), { ...ANY, vendor: 0x1b36, device: 0x0010 }],
  xhci_hcd: [ofClass(0x0c0330)],
  'xhci-pci': [ofClass(0x0c0330)],
  'ehci-pci': [ofClass(0x0c0320)],
  'ohci-pci': [ofClass(0x0c0310)],
  uhci_hcd: [ofClass(0x0c0300)],
  ahci: [ofClass(0x010601)],
  snd_hda_intel: [ofClass(0x040300, 0x1002), ofClass(0x040300, 0x10de)],
  'virtio-pci': [{ ...ANY, vendor: 0x1af4 }],
};

export const knownIds = (driver: string): readonly PciId[] => TABLES[driver] ?? [];
