import { writeDeviceTree } from '@iommu/firmware';
import { platformDevice } from '@iommu/machine/build';
import { FIRST_NODE, iommuMmio, iommuPci, mmio, node, range, viot } from './bytes.js';
import { hostTree } from './tree.js';

/*
 * Firmware with all that the driver reads, and the device in memory that it speaks of.
 */

/** Nodes of every kind, and one of a kind that there is not. */
export const VIOT = viot(
  iommuPci(8),
  iommuMmio(0xa000000n),
  range({ rids: [0, 0x2ff] }),
  node(9, [0, 0, 0, 0]),
  mmio(7, 0xa003e00n, FIRST_NODE + 16),
  range({ endpoint: 0x300, rids: [0x300, 0xffff] }),
);

export const DTB = writeDeviceTree(
  hostTree(
    { 'iommu-map-mask': [0xffff] },
    {
      'iommu@a000000': {
        properties: { compatible: 'virtio,mmio', reg: [0xa000000, 0x200], '#iommu-cells': [1], phandle: [2] },
      },
      'net@a003e00': { properties: { compatible: 'virtio,mmio', reg: [0xa003e00, 0x200], iommus: [2, 7, 1, 8] } },
    },
  ),
);

/** The card in memory, as it is called where ACPI speaks of it, and where a device tree does. */
export const byAcpi = platformDevice('a003e00.virtio_mmio');
export const byTree = platformDevice('a003e00.net');
