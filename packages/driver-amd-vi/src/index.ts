/**
 * AMD-Vi: reads the IVRS table, tells which unit translates a device and as what id, which memory firmware reserves, and
 * groups devices as Linux does.
 *
 * @packageDocumentation
 */
export type { AcpiHidEntry, DeviceEntry } from './device-entries.js';
export { amdVi, amdVi as default } from './driver.js';
export { type Ivhd, type Ivmd, type Ivrs, parseIvrs, usedIvhds } from './ivrs.js';
export { type EntrySketch, type MemorySketch, type UnitSketch, writeIvrs } from './write-ivrs.js';
