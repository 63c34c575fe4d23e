/**
 * Reading firmware tables: the ACPI header and checksum, and bounded little-endian reads whose errors name the table
 * and the offset. Knows no vendor's structures.
 *
 * @packageDocumentation
 */
export { ACPI_HEADER_LENGTH, type AcpiTable, openAcpiTable, sealAcpiTable } from './acpi-table.js';
export { TableReader } from './table-reader.js';
