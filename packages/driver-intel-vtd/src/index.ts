/**
 * Intel VT-d: reads the DMAR table, tells which unit translates a device, which memory firmware reserves, and groups
 * devices as Linux does.
 *
 * @packageDocumentation
 */
export { type DeviceScope, type DeviceScopeType, formatScope, type PathStep } from './device-scope.js';
export { type Andd, type AtcReporting, type Dmar, type Drhd, parseDmar, type Rhsa, type Rmrr } from './dmar.js';
export { intelVtd, intelVtd as default } from './driver.js';
export { type ReservedMemorySketch, type ScopeSketch, type UnitSketch, writeDmar } from './write-dmar.js';
