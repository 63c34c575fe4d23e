import type { NodeSketch } from '@iommu/firmware';

/* Parts of device trees. */

export type Properties = NonNullable<NodeSketch['properties']>;

export const CELLS: Properties = { '#address-cells': [1], '#size-cells': [1] };
export const V3: NodeSketch = {
  properties: { compatible: 'arm,smmu-v3', reg: [0x9050000, 0x20000], phandle: [1], '#iommu-cells': [1] },
};
export const V2: NodeSketch = {
  properties: {
    compatible: ['vendor,smmu', 'arm,mmu-500'],
    reg: [0x5000000, 0x10000],
    phandle: [2],
    '#iommu-cells': [1],
  },
};
export const host = (properties: Properties = { 'iommu-map': [0, 1, 0, 0x10000] }): NodeSketch => ({
  properties: { device_type: 'pci', reg: [0x10000000, 0x1000], ...properties },
});
export const treeOf = (nodes: NonNullable<NodeSketch['nodes']>): NodeSketch => ({ properties: CELLS, nodes });
