/**
 * virtio-iommu: reads the VIOT and the device tree, tells which virtual IOMMU translates a device and by which endpoint
 * ids, and groups devices as Linux does.
 *
 * @packageDocumentation
 */
export { virtioIommu, virtioIommu as default } from './driver.js';
export type * from './viot/nodes.js';
export { parseViot } from './viot/parse-viot.js';
export { type MmioEndpointSketch, type PciRangeSketch, type ViotSketch, writeViot } from './write-viot.js';
