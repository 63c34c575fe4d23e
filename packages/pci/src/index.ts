/**
 * PCI as IOMMU grouping sees it: addresses, configuration space, topology, ACS, DMA aliases, the kernel's quirk
 * tables, and `pciDeviceGroup()`. Knows no vendor's IOMMU.
 *
 * @packageDocumentation
 */
export { type AcsBasis, type AcsPath, type AcsVerdict, acsPath, acsVerdict, bridgeAbove } from './acs.js';
export { type AcsState, acsStateOf } from './acs-control.js';
export { AcsFlag, type AcsFlagName, formatAcsFlags, parseAcsFlags, REQUIRED_ACS_FLAGS } from './acs-flags.js';
export { type AcsOverride, parseAcsOverride } from './acs-override.js';
export {
  addressKey,
  busOf,
  formatBus,
  formatPciAddress,
  functionOf,
  type PciAddress,
  parsePciAddress,
  type RequesterId,
  slotOf,
  tryParsePciAddress,
} from './address.js';
export { type CapabilityOffset, findCapability, findExtendedCapability } from './capabilities.js';
export { ConfigSpace, type ConfigSpaceLength } from './config-space.js';
export { type AliasKind, type AliasUse, aliasesOf, type FirmwareAliases, forEachDmaAlias } from './dma-alias.js';
export { PcieType, type PcieTypeName, pcieTypeName } from './express.js';
export {
  busPath,
  FIRST_HOSTED_SEGMENT,
  isDownstreamPort,
  isPciDevice,
  isPciePort,
  type PciBus,
  PciDevice,
  realDmaDevice,
} from './pci-device.js';
export { type PciGroupOptions, pciDeviceGroup } from './pci-device-group.js';
export { type AcsRegisters, factsOf, type PciFacts, readConfigFacts, type SriovRegisters } from './pci-facts.js';
export type { AcsFlagList, PciFunction } from './pci-function.js';
export type { AcsQuirkName } from './quirks/acs-quirk-rows.js';
export { isVmdHost } from './quirks/vmd-hosts.js';
export { describeVerdict, PciReason, type PciRule, type StandIn } from './reasons.js';
export { ruleSentence } from './rule-sentences.js';
export type { PciSettings } from './settings.js';
export { type Arrival, type KnownPlaces, PciTopology, rootBusNames } from './topology.js';
