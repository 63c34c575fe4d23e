/**
 * Reading firmware tables: the ACPI header and checksum, flattened device trees with what all IOMMUs have in common there,
 * and bounded reads whose errors name the table and the offset. Knows no vendor's structures.
 *
 * @packageDocumentation
 */
export { ACPI_HEADER_LENGTH, type AcpiTable, openAcpiTable, sealAcpiTable } from './acpi-table.js';
export { DeviceTree, DeviceTreeNode, DeviceTreeProperty, type ReservedMemory } from './device-tree.js';
export { deviceTreeInUse } from './device-tree-in-use.js';
export { HostBridges, type RootBusPlace } from './host-bridges.js';
export { deviceTreeRegions } from './iommu-addresses.js';
export { type MappedRequesterId, mapRequesterId } from './iommu-map.js';
export {
  type AddressRange,
  firstCell,
  firstRange,
  isAvailable,
  isCompatible,
  platformName,
  platformPath,
  type Reference,
  references,
} from './node-properties.js';
export { parseDeviceTree } from './parse-device-tree.js';
export { TableReader } from './table-reader.js';
export { type NodeSketch, type PropertySketch, writeDeviceTree } from './write-device-tree.js';
