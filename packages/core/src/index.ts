/**
 * IOMMU groups as the Linux kernel keeps them: ids, membership, references, default domains, reserved regions,
 * ownership; and the contract that IOMMU drivers satisfy. Knows no bus, no vendor, no file.
 *
 * @packageDocumentation
 */
export type { Device } from './device.js';
export type { Diagnostic } from './diagnostic.js';
export type { Capabilities } from './domain-write.js';
export type * from './driver.js';
export { driverFrom } from './driver-from.js';
export {
  type CoreErrorCode,
  type Errno,
  type ErrorCode,
  IommuError,
  type IommuErrorOptions,
  isIommuError,
  refused,
} from './errors.js';
export { Emitter, type GroupNotification, type IommuEvent, type Listener } from './events.js';
export type { DomainType, Group } from './group.js';
export type { GroupTable } from './group-table.js';
export { Iommu, type IommuOptions } from './iommu.js';
export { type BootParameter, bootParameters, type Kernel } from './kernel.js';
export type { KernelDriver } from './kernel-driver.js';
export type { DeviceOutcome } from './outcome.js';
export type { NamedDriver } from './prober.js';
export type { Reason } from './reason.js';
export {
  formatReservedRegion,
  insertReservedRegion,
  type ReservedRegion,
  type ReservedRegionType,
} from './reserved-regions.js';
