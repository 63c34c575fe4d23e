import type { Device } from '@iommu/core';
import { isPciDevice, type PciDevice } from '@iommu/pci';

/** Ids of PCI functions that speak virtio. @see Virtual I/O Device (VIRTIO) Version 1.2, section 4.1.2 */
const VIRTIO = { vendor: 0x1af4, first: 0x1000, last: 0x107f };
/** Device type 23 of those that have no older form. @see Virtual I/O Device (VIRTIO) Version 1.2, section 5.13 */
const IOMMU = 0x1040 + 23;

/** Whether the kernel's driver for virtio on PCI takes the function; `undefined`: its ids are not known. */
const isVirtio = ({ facts: { vendor, device } }: PciDevice): boolean | undefined =>
  vendor === undefined || device === undefined
    ? undefined
    : vendor === VIRTIO.vendor && device >= VIRTIO.first && device <= VIRTIO.last;

export const isVirtioFunction = (device: Device): device is PciDevice =>
  isPciDevice(device) && isVirtio(device) === true;

export const isVirtioIommu = (device: Device): device is PciDevice =>
  isVirtioFunction(device) && device.facts.device === IOMMU;

/** Whether the function that firmware calls an IOMMU may be one: unless its ids say that it is something else. */
export const mayBeVirtioIommu = (device: PciDevice): boolean => isVirtio(device) === undefined || isVirtioIommu(device);
