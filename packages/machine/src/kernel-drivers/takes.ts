import type { Errno } from '@iommu/core';
import { isPciePort, type PciDevice, PcieType } from '@iommu/pci';

/** What a driver's own probe may ask of the machine. */
export interface ProbeContext {
  /** Whether the device is in an IOMMU group as its driver looks at it: VFIO wants one. */
  readonly hasGroup: boolean;
  /** How many virtual functions are switched on. */
  readonly vfs: number;
  /** The description shows the device bound to this driver. */
  readonly isDescribed: boolean;
}

type Look = (device: PciDevice, context: ProbeContext) => Errno | undefined;

/** @see Linux v6.1 drivers/pci/pcie/portdrv_pci.c pcie_portdrv_probe() */
const port: Look = ({ express }) =>
  express === undefined || isPciePort(express) || express === PcieType['rc-event-collector'] ? undefined : 'ENODEV';

/** A bridge with a hot-plug controller of its own, which descriptions seldom hold. @see drivers/pci/hotplug/shpchp_core.c shpc_probe() */
const hotplugBridge: Look = (_, { isDescribed }) => (isDescribed ? undefined : 'ENODEV');

/** @see Linux v6.1 drivers/virtio/virtio_pci_modern_dev.c vp_modern_probe(), virtio_pci_legacy_dev.c vp_legacy_probe() */
const virtio: Look = ({ facts: { device = 0x1000 } }) => (device >= 0x1000 && device <= 0x107f ? undefined : 'ENODEV');

/** @see Linux v6.1 drivers/vfio/pci/vfio_pci_core.c vfio_pci_core_register_device() */
const vfio: Look = ({ isBridge }, { hasGroup, vfs }) => {
  if (isBridge) return 'EINVAL';
  if (vfs > 0) return 'EBUSY';
  return hasGroup ? undefined : 'EINVAL';
};

const LOOKS: Readonly<Record<string, Look>> = {
  pcieport: port,
  shpchp: hotplugBridge,
  'virtio-pci': virtio,
};

/** vfio-pci, and those made of it for one kind of device. */
const VFIO = /vfio[-_]pci$/;

/** Whether a driver that matches a device takes it, as far as that rests on what grouping knows. @returns The errno of its refusal. */
export const refusalOf = (driver: string, device: PciDevice, context: ProbeContext): Errno | undefined =>
  (LOOKS[driver] ?? (VFIO.test(driver) ? vfio : undefined))?.(device, context);
