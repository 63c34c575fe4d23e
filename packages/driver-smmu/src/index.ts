/**
 * Arm SMMUs: reads the IORT and the device tree, tells which SMMU translates a device and by which stream ids, which
 * memory firmware reserves, and groups devices as Linux does.
 *
 * @packageDocumentation
 */
export { smmu, smmu as default } from './driver.js';
export type * from './iort/nodes.js';
export { parseIort } from './iort/parse-iort.js';
export { type IortSketch, type RootComplexSketch, type SmmuSketch, writeIort } from './write-iort.js';
