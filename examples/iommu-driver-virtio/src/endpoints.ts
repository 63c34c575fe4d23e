import type { Device, Refusal } from '@iommu/core';
import { forEachDmaAlias, isPciDevice, type PciDevice } from '@iommu/pci';
import type { VirtioUnit } from './unit.js';

/** The requester id with which a function's requests arrive: bridges to conventional buses put on one of their own. */
const arrival = (device: PciDevice): { readonly device: PciDevice; readonly rid: number } => {
  let last = { device, rid: device.rid as number };
  forEachDmaAlias(device, (by, rid, kind) => {
    if (kind === 'bridge') last = { device: by, rid };
    return undefined;
  });
  return last;
};

/** What the virtual IOMMU does not know of a device. */
interface Gap {
  readonly rid: number;
  readonly why: string;
  readonly devices: readonly Device[];
}

/** An id of the device by which nothing arrives. */
const gapOf = (device: PciDevice): Gap | undefined => {
  const { device: by, rid } = arrival(device);
  if (rid !== device.rid) {
    const why = `what ${device.name} sends arrives as 0x${rid.toString(16)}, which ${by.name} puts on`;
    return { rid: device.rid, why, devices: [device, by] };
  }
  return forEachDmaAlias<Gap>(device, (of, alias, kind) =>
    kind === 'alias' && !of.topology.at(of.segment, alias)
      ? { rid: alias, why: `no function of that address is there`, devices: [device] }
      : undefined,
  );
};

/**
 * Ask the virtual IOMMU about the ids of a device, as the kernel does: it is asked about the first of them, and all are
 * attached. What it answers is not in a dump. QEMU knows an id when a function of it is there and its requests arrive by
 * that id; of one that it does not know it says that there is no such endpoint.
 *
 * @param undoes - Whether the kernel gives the whole unit up for that.
 * @see Linux v7.0 drivers/iommu/virtio-iommu.c viommu_probe_endpoint(), viommu_send_attach_req()
 * @see QEMU 10.0 hw/virtio/virtio-iommu.c virtio_iommu_get_endpoint(), hw/pci/pci.c pci_device_get_iommu_bus_devfn()
 */
export const askAbout = (device: Device, unit: VirtioUnit, undoes: boolean): Refusal | undefined => {
  const gap = isPciDevice(device) ? gapOf(device) : undefined;
  if (!gap) return undefined;
  const id = `0x${gap.rid.toString(16)}`;
  const consequence = undoes ? '; for that error at boot Linux gives the whole IOMMU up' : '';
  return {
    errno: 'ENOENT',
    reason: {
      rule: 'endpoint-unknown',
      text: `${unit.name} knows no endpoint for requester id ${id} of ${device.name}: ${gap.why}${consequence}.`,
      source: 'viommu_probe_endpoint()',
      devices: gap.devices,
    },
  };
};
