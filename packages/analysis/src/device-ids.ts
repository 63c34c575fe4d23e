import type { PciDevice } from '@iommu/pci';

const hex = (value: number | undefined): string => (value ?? 0).toString(16).padStart(4, '0');

/** Vendor, device and, where it is known, subsystem: `8086:1521 8086:0001`; `null`: the input does not say. */
export const deviceIds = ({ facts }: PciDevice): string | null => {
  const { vendor, device, subsystemVendor, subsystemDevice } = facts;
  if (vendor === undefined || device === undefined) return null;
  const own = `${hex(vendor)}:${hex(device)}`;
  return subsystemVendor === undefined ? own : `${own} ${hex(subsystemVendor)}:${hex(subsystemDevice)}`;
};
