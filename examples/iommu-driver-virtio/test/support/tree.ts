import type { NodeSketch } from '@iommu/firmware';

/** The handle of the virtio-iommu in {@link hostTree}. */
export const UNIT = 1;

/** The place of a function below its bridge, as a device tree states it. */
export const place = (slot: number, fn = 0): readonly number[] => [(slot << 11) | (fn << 8), 0, 0, 0, 0];

/** A virtio-iommu that is a PCI function. */
export const unitNode = (slot = 1, phandle = UNIT): NodeSketch => ({
  properties: { compatible: ['virtio,pci-iommu'], '#iommu-cells': [1], phandle: [phandle], reg: place(slot) },
});

/** A tree with one host bridge, whose functions but the IOMMU (00:01.0) are behind it, as QEMU writes it. */
export const hostTree = (
  host: NodeSketch['properties'] = {},
  nodes: NonNullable<NodeSketch['nodes']> = {},
  below: NonNullable<NodeSketch['nodes']> = { 'virtio_iommu@8': unitNode() },
): NodeSketch => ({
  properties: { '#address-cells': [1], '#size-cells': [1] },
  nodes: {
    'pcie@10000000': {
      properties: {
        device_type: 'pci',
        '#address-cells': [3],
        '#size-cells': [2],
        reg: [0x10000000, 0x1000],
        'iommu-map': [0, UNIT, 0, 8, 9, UNIT, 9, 0xfff7],
        ...host,
      },
      nodes: below,
    },
    ...nodes,
  },
});
