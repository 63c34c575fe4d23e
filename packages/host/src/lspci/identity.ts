import { ConfigSpace, readConfigFacts } from '@iommu/pci';
import type { PciIds } from '../pci-ids.js';
import type { DeviceHeader } from './header.js';

/** What a device is, as far as its first line tells. */
export interface Identity {
  /** `8086:29c0`; of a device known by its vendor alone, absent. */
  readonly id?: string;
  readonly vendor?: number;
  /** Six digits. */
  readonly class?: string;
  readonly revision?: string;
}

const hex4 = (value: number): string => value.toString(16).padStart(4, '0');

/** `Device 29c0`, as lspci prints a device that its table does not know. */
const UNNAMED = /^(?:Unknown device|Device) ([0-9a-f]{4})$/i;
/** `Device 8086:29c0`, of a vendor that it does not know. */
const UNNAMED_VENDOR = /^(?:Unknown device|Device) ([0-9a-f]{4}):([0-9a-f]{4})$/i;
/** `Class 1200`, of a class that it does not know. */
const UNNAMED_CLASS = /^Class ([0-9a-f]{4})$/i;

const byNumber = (vendor: string, device: string): Pick<Identity, 'id' | 'vendor'> => ({
  id: `${vendor}:${device}`.toLowerCase(),
  vendor: Number.parseInt(vendor, 16),
});

/** As the bytes have it; those of a virtual function have no ids. */
const byConfig = (config: Uint8Array): Pick<Identity, 'id' | 'vendor'> | undefined => {
  const { vendor, device } = readConfigFacts(new ConfigSpace(config));
  return vendor === undefined || device === undefined ? undefined : byNumber(hex4(vendor), hex4(device));
};

const byName = (names: string, ids: PciIds): Pick<Identity, 'id' | 'vendor'> => {
  const [, unnamedVendor, unnamedDevice] = UNNAMED_VENDOR.exec(names) ?? [];
  if (unnamedVendor !== undefined && unnamedDevice !== undefined) return byNumber(unnamedVendor, unnamedDevice);
  const { vendors = [], rest = '' } = ids.vendorsNamed(names) ?? {};
  const unnamed = UNNAMED.exec(rest)?.[1];
  const found = vendors.flatMap((vendor) => {
    const device = unnamed === undefined ? ids.deviceNamed(vendor, rest) : Number.parseInt(unnamed, 16);
    return device === undefined ? [] : [byNumber(hex4(vendor), hex4(device))];
  });
  const [only] = found;
  if (only && found.length === 1) return only;
  const [vendor] = vendors;
  return vendor !== undefined && vendors.length === 1 ? { vendor } : {};
};

/** Ids as printed, or as the bytes have them, or looked up by name. The table is fetched only where nothing else tells. */
export const identify = (header: DeviceHeader, config: Uint8Array | undefined, ids: () => PciIds): Identity => {
  const { id, names, classId, className, progIf, revision } = header;
  const classCode = classId ?? (className === undefined ? undefined : classNamed(className, ids));
  return {
    ...(id === undefined
      ? ((config && byConfig(config)) ?? byName(names, ids()))
      : { id, vendor: Number.parseInt(id, 16) }),
    ...(classCode !== undefined && { class: `${classCode}${progIf ?? '00'}`.toLowerCase() }),
    ...(revision !== undefined && { revision: revision.toLowerCase() }),
  };
};

const classNamed = (name: string, ids: () => PciIds): string | undefined => {
  const unnamed = UNNAMED_CLASS.exec(name)?.[1];
  if (unnamed !== undefined) return unnamed;
  const code = ids().classNamed(name);
  return code === undefined ? undefined : hex4(code);
};
