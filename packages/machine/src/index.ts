/**
 * A machine as plain data, and `boot()`: its devices found in the kernel's order and grouped by the IOMMU drivers that
 * the caller passes in. Holds the one table of what changed at which kernel release. Reads no file.
 *
 * @packageDocumentation
 */
export { type BootOptions, boot } from './boot.js';
export { toBase64, toBytes } from './bytes.js';
export { DRIVER_PACKAGES, type DriverPackage } from './driver-packages.js';
export { parseCommandLine, type ResolvedKernel, type RuleOverrides, resolveKernel, toldArch } from './kernel.js';
export type { DriverOptions, KernelDrivers } from './kernel-drivers/kernel-drivers.js';
export { managesDma } from './kernel-drivers/manages-dma.js';
export { type ProbeContext, refusalOf } from './kernel-drivers/takes.js';
export { KERNEL_RULES, type KernelRule, type Proof } from './kernel-rules.js';
export type * from './machine.js';
export type { MachineEvent } from './machine-events.js';
export { NEWEST_RELEASE } from './newest-release.js';
export { attributesOf, PCI_ATTRIBUTES, type PciAttribute, type PciAttributes } from './pci-attributes.js';
export { pciFunction } from './pci-function.js';
export type { PlatformDevice } from './platform.js';
export { POLICIES, type Policy, policyNamed } from './policies.js';
export { RunningMachine } from './running-machine.js';
export {
  compareVersions,
  type Flavour,
  flavourOf,
  formatVersion,
  parseVersion,
  releaseBefore,
  type Version,
} from './version.js';
export type { SriovState } from './virtual-functions.js';
