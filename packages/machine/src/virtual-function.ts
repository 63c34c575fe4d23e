import { formatPciAddress, type PciDevice } from '@iommu/pci';
import type { MachinePciFunction } from './machine.js';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** How far the header of a virtual function follows from that of its physical one: up to the pointer to its capabilities. */
const HEADER = 0x34;

/** A virtual function has no vendor and device id of its own to read. */
const NO_ID = 0xffffffff;
const STATUS_CAPABILITY_LIST = 0x10;

/** @see Single Root I/O Virtualization and Sharing Specification 1.1, 3.4.1 (configuration space of a VF) */
const headerOf = ({ facts }: PciDevice): Uint8Array | undefined => {
  const { classCode, revision, subsystemVendor, subsystemDevice } = facts;
  if (classCode === undefined || revision === undefined) return undefined;
  if (subsystemVendor === undefined || subsystemDevice === undefined) return undefined;
  const bytes = new Uint8Array(HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(0x00, NO_ID, true);
  view.setUint16(0x06, STATUS_CAPABILITY_LIST, true);
  view.setUint32(0x08, classCode * 0x100 + revision, true);
  view.setUint16(0x2c, subsystemVendor, true);
  view.setUint16(0x2e, subsystemDevice, true);
  return bytes;
};

/**
 * What is known of a virtual function that was never read: vendor, class, revision and subsystem are those of its physical
 * function, the device id stands in the capability of that.
 *
 * @param deviceId - `undefined`: not known.
 * @see Linux v6.1 drivers/pci/iov.c pci_iov_add_virtfn(), pci_read_vf_config_common()
 */
export const virtualFunction = (physical: PciDevice, rid: number, deviceId: number | undefined): MachinePciFunction => {
  const { vendor, classCode, revision, subsystemVendor, subsystemDevice } = physical.facts;
  const { parent } = physical.description;
  const config = headerOf(physical);
  return {
    address: formatPciAddress({ segment: physical.segment, rid }),
    ...(parent !== undefined && { parent }),
    physicalFunction: physical.name,
    ...(vendor !== undefined && { id: `${hex(vendor, 4)}:${deviceId === undefined ? '' : hex(deviceId, 4)}` }),
    ...(classCode !== undefined && { class: hex(classCode, 6) }),
    ...(revision !== undefined && { revision: hex(revision, 2) }),
    ...(subsystemVendor !== undefined &&
      subsystemDevice !== undefined && { subsystem: `${hex(subsystemVendor, 4)}:${hex(subsystemDevice, 4)}` }),
    ...(config && { config }),
    headerType: 0,
    multifunction: false,
    express: 'endpoint',
  };
};
