import type { PciDevice } from '@iommu/pci';
import { idsOf, subsystemOf } from './pci-identity.js';

/** Of the predefined header, in bytes; registers of more than one byte are little-endian. */
const HEADER = 64;
const VENDOR = 0x00;
const DEVICE = 0x02;
const STATUS = 0x06;
const REVISION = 0x08;
const CLASS = 0x09;
const HEADER_TYPE = 0x0e;
const PRIMARY_BUS = 0x18;
const SECONDARY_BUS = 0x19;
const SUBORDINATE_BUS = 0x1a;
const SUBSYSTEM_VENDOR = 0x2c;
const SUBSYSTEM_DEVICE = 0x2e;
const CAPABILITIES = 0x34;

const MULTIFUNCTION = 0x80;
const HAS_CAPABILITIES = 0x10;

/** Where the list of capabilities starts at the earliest: just behind what is shown. */
const FIRST_CAPABILITY = 0x40;

/** A virtual function's own ids read as all ones. @see Single Root I/O Virtualization and Sharing Specification 1.1, section 3.4.1 */
const NO_ID = 0xffff;

/** Whether it has capabilities, as far as was stated: a function of PCI Express always has. */
const hasCapabilities = ({ facts: { express, acs, sriov } }: PciDevice): boolean =>
  [express, acs, sriov].some((capability) => capability !== undefined && capability !== null);

/**
 * The header of a function whose configuration space nobody read, made of what was stated; registers of which nothing was
 * stated are 0. It says that there are capabilities and ends before the first, so that programs take these for unreadable,
 * as they are for whoever is not root, and not for absent.
 *
 * @returns 64 bytes, of the caller; `undefined` where not even ids and class were stated
 * @see PCI Local Bus Specification 3.0, section 6.1; PCI-to-PCI Bridge Architecture Specification 1.2, section 3.2
 */
export const statedHeader = (device: PciDevice): Uint8Array | undefined => {
  const { facts, isBridge, isVirtualFunction, pciBus, subordinate } = device;
  const ids = idsOf(device);
  if (!ids || facts.classCode === undefined) return undefined;
  const bytes = new Uint8Array(HEADER);
  const view = new DataView(bytes.buffer);
  const u16 = (at: number, value: number): void => view.setUint16(at, value, true);
  u16(VENDOR, isVirtualFunction ? NO_ID : ids[0]);
  u16(DEVICE, isVirtualFunction ? NO_ID : ids[1]);
  u16(CLASS, facts.classCode & 0xffff);
  bytes[CLASS + 2] = facts.classCode >>> 16;
  bytes[REVISION] = facts.revision ?? 0;
  bytes[HEADER_TYPE] = (facts.headerType ?? (isBridge ? 1 : 0)) | (facts.multifunction ? MULTIFUNCTION : 0);
  if (hasCapabilities(device)) {
    u16(STATUS, HAS_CAPABILITIES);
    bytes[CAPABILITIES] = FIRST_CAPABILITY;
  }
  if (isBridge) {
    const secondary = facts.secondaryBus ?? subordinate?.number ?? 0;
    bytes[PRIMARY_BUS] = pciBus.number;
    bytes[SECONDARY_BUS] = secondary;
    bytes[SUBORDINATE_BUS] = facts.subordinateBus ?? secondary;
  } else {
    const [vendor, id] = subsystemOf(device) ?? [0, 0];
    u16(SUBSYSTEM_VENDOR, vendor);
    u16(SUBSYSTEM_DEVICE, id);
  }
  return bytes;
};

/** Lines of `resource`: BARs and ROM, and those of virtual functions; a bridge has windows besides. */
const REGIONS = 13;
const BRIDGE_REGIONS = 17;

/** `resource` of a function of which no region was stated. @see Linux v7.0 drivers/pci/pci-sysfs.c resource_show() */
export const noRegions = ({ isBridge }: PciDevice): string =>
  Array(isBridge ? BRIDGE_REGIONS : REGIONS)
    .fill(`0x${'0'.repeat(16)} 0x${'0'.repeat(16)} 0x${'0'.repeat(16)}`)
    .join('\n');
