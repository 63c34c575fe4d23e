/**
 * Reading firmware tables: the ACPI header and checksum, flattened device trees, and bounded reads whose errors name the
 * table and the offset. Knows no vendor's structures.
 *
 * @packageDocumentation
 */
export { ACPI_HEADER_LENGTH, type AcpiTable, openAcpiTable, sealAcpiTable } from './acpi-table.js';
export { DeviceTree, DeviceTreeNode, DeviceTreeProperty, type ReservedMemory } from './device-tree.js';
export { parseDeviceTree } from './parse-device-tree.js';
export { TableReader } from './table-reader.js';
export { type NodeSketch, type PropertySketch, writeDeviceTree } from './write-device-tree.js';
