import { type PciIds, pciIds } from '@iommu/host';
import type { MachinePciFunction } from '@iommu/machine';
import { type PciDevice, tryParsePciAddress } from '@iommu/pci';

/** How devices are written: as lspci does with the same letters. */
export interface DeviceStyle {
  /** `names`: names with ids; `numbers`: ids alone (`-n`). */
  readonly ids: 'names' | 'numbers';
  /** The segment before every address. */
  readonly segment: boolean;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** `00:1f.0`, or `0000:00:1f.0`. */
export const addressText = (name: string, { segment }: DeviceStyle): string =>
  !segment && name.startsWith('0000:') && tryParsePciAddress(name) ? name.slice(5) : name;

/** lspci writes segments as soon as one of them is not 0. */
export const needsSegment = (addresses: Iterable<string>): boolean => {
  for (const address of addresses) if (tryParsePciAddress(address) && !address.startsWith('0000:')) return true;
  return false;
};

const classText = (code: number | undefined, names: PciIds): string => {
  if (code === undefined) return 'Unknown class';
  const name = names.className(code);
  return `${name ?? 'Class'} [${hex(code >>> 8, 4)}]`;
};

const vendorAndDevice = (
  vendor: number | undefined,
  device: number | undefined,
  label: string | undefined,
  names: PciIds,
): string => {
  if (vendor === undefined) return label ?? 'Unknown device';
  if (device === undefined) return label ?? `${names.vendor(vendor) ?? `Vendor ${hex(vendor, 4)}`} Device`;
  const ids = `[${hex(vendor, 4)}:${hex(device, 4)}]`;
  if (label !== undefined) return `${label} ${ids}`;
  const vendorName = names.vendor(vendor);
  return [vendorName, names.device(vendor, device) ?? 'Device', ids].filter(Boolean).join(' ');
};

/** `PCI bridge [0604]: Intel Corporation … [8086:1901] (rev 07)`, what follows the address. */
export const deviceText = ({ facts, description }: PciDevice, { ids }: DeviceStyle): string => {
  const { vendor, device, classCode, revision } = facts;
  const rev = revision ? ` (rev ${hex(revision, 2)})` : '';
  if (ids === 'numbers') {
    const code = classCode === undefined ? '????' : hex(classCode >>> 8, 4);
    return `${code}: ${vendor === undefined ? '????' : hex(vendor, 4)}:${device === undefined ? '????' : hex(device, 4)}${rev}`;
  }
  const names = pciIds();
  const { label } = description as MachinePciFunction;
  return `${classText(classCode, names)}: ${vendorAndDevice(vendor, device, label, names)}${rev}`;
};
