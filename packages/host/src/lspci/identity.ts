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

const byName = (names: string, ids: PciIds): Pick<Identity, 'id' | 'vendor'> => {
  const found = ids.vendorNamed(names);
  if (!found) return {};
  const { vendor, rest } = found;
  const unnamed = UNNAMED.exec(rest)?.[1];
  const device = unnamed === undefined ? ids.deviceNamed(vendor, rest) : Number.parseInt(unnamed, 16);
  return { vendor, ...(device !== undefined && { id: `${hex4(vendor)}:${hex4(device)}` }) };
};

/** Ids as printed, or looked up by name. The table is fetched only for a dump without ids. */
export const identify = (header: DeviceHeader, ids: () => PciIds): Identity => {
  const { id, names, classId, className, progIf, revision } = header;
  const classCode = classId ?? (className === undefined ? undefined : classNamed(className, ids));
  return {
    ...(id === undefined ? byName(names, ids()) : { id, vendor: Number.parseInt(id, 16) }),
    ...(classCode !== undefined && { class: `${classCode}${progIf ?? '00'}`.toLowerCase() }),
    ...(revision !== undefined && { revision: revision.toLowerCase() }),
  };
};

const classNamed = (name: string, ids: () => PciIds): string | undefined => {
  const code = ids().classNamed(name);
  return code === undefined ? undefined : hex4(code);
};
