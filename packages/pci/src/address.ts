import { IommuError } from '@iommu/core';

/**
 * A requester id: bus number in bits 15:8, device in 7:3, function in 2:0. On a bus with ARI the lower eight bits are
 * one function number.
 */
export type RequesterId = number;

/** Where a function sits. `segment` is what Linux calls a PCI domain; VMD and Hyper-V use segments above 0xffff. */
export interface PciAddress {
  /** 0 to 0xffffffff. */
  readonly segment: number;
  /** Bus, device and function: 0 to 0xffff. */
  readonly rid: RequesterId;
}

const ADDRESS = /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])$/i;

/**
 * Read `DDDD:BB:DD.F`, or `BB:DD.F` for segment 0; all hexadecimal, the segment of up to eight digits.
 *
 * @returns `undefined` when the text is no address.
 */
export const tryParsePciAddress = (text: string): PciAddress | undefined => {
  const match = ADDRESS.exec(text);
  if (!match) return undefined;
  const [, segment = '0', bus = '', device = '', fn = ''] = match;
  const slot = Number.parseInt(device, 16);
  if (slot > 31) return undefined;
  return { segment: Number.parseInt(segment, 16), rid: (Number.parseInt(bus, 16) << 8) | (slot << 3) | Number(fn) };
};

/** As {@link tryParsePciAddress}. @throws IommuError `ERR_PCI_ADDRESS` */
export const parsePciAddress = (text: string): PciAddress => {
  const address = tryParsePciAddress(text);
  if (!address)
    throw new IommuError('ERR_PCI_ADDRESS', `'${text}' is no PCI address; expected DDDD:BB:DD.F or BB:DD.F`);
  return address;
};

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/** `0000:00`: the name of a bus as sysfs spells it. */
export const formatBus = (segment: number, bus: number): string => `${hex(segment, 4)}:${hex(bus, 2)}`;

/** `0000:00:1f.3`: segment of at least four digits, always written. */
export const formatPciAddress = ({ segment, rid }: PciAddress): string =>
  `${formatBus(segment, rid >> 8)}:${hex((rid >> 3) & 0x1f, 2)}.${rid & 7}`;

/** Bits 15:8 of a requester id. */
export const busOf = (rid: RequesterId): number => rid >> 8;
/** Bits 7:3 of a requester id: the device number on its bus. */
export const slotOf = (rid: RequesterId): number => (rid >> 3) & 0x1f;
/** Bits 2:0 of a requester id. */
export const functionOf = (rid: RequesterId): number => rid & 7;

/** One number for a whole address, exact for every segment: for use as a map key. */
export const addressKey = (segment: number, rid: RequesterId): number => segment * 0x10000 + rid;
