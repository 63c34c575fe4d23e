import { sealAcpiTable } from '@iommu/firmware';

/** Which requester ids a unit is to translate. Ids are of the unit's segment; ranges include both ends. */
export type EntrySketch =
  | { readonly kind: 'all' }
  | { readonly kind: 'select'; readonly deviceId: number; readonly alias?: number }
  | { readonly kind: 'range'; readonly first: number; readonly last: number; readonly alias?: number }
  | { readonly kind: 'special'; readonly deviceId: number; readonly variety: 'io-apic' | 'hpet' }
  /** `hid` of at most eight letters; only in blocks of type 0x40. */
  | { readonly kind: 'acpi-hid'; readonly deviceId: number; readonly hid: string; readonly uid?: string };

/** A unit to be written. */
export interface UnitSketch {
  /** Default: the oldest that can hold what is given. */
  readonly type?: 0x10 | 0x11 | 0x40;
  /** Requester id of its own function. */
  readonly deviceId: number;
  /** Default 0x40. */
  readonly capabilityOffset?: number;
  /** Host physical, in bytes; default 0xfeb80000. */
  readonly base?: bigint;
  /** 16 bits; default 0. */
  readonly segment?: number;
  /** Image of the extended feature registers. */
  readonly efr?: bigint;
  /** Image of the second one; where only one of the two is given, the other is written as 0. */
  readonly efr2?: bigint;
  /** Written in this order; empty: the unit translates nothing. */
  readonly entries: readonly EntrySketch[];
}

/** Memory that devices need; absent `devices`: all of the segment. */
export interface MemorySketch {
  /** Requester ids, 16 bits each, both ends inclusive; one id alone is `first` and `last`. */
  readonly devices?: { readonly first: number; readonly last: number };
  /** 16 bits; default 0. */
  readonly segment?: number;
  /** Host physical, in bytes. */
  readonly start: bigint;
  /** In bytes; Linux rounds it up to whole pages of 4 KiB. */
  readonly length: bigint;
  /** Default `unity`: mapped one to one. */
  readonly kind?: 'unity' | 'exclusion';
}

const littleEndian = (value: number | bigint, length: number): number[] =>
  Array.from({ length }, (_, at) => Number((BigInt(value) >> BigInt(8 * at)) & 0xffn));

const ascii = (text: string, length = text.length): number[] =>
  Array.from({ length }, (_, at) => (at < text.length ? text.charCodeAt(at) : 0));

const short = (type: number, deviceId: number): number[] => [type, ...littleEndian(deviceId, 2), 0];

const aliased = (type: number, deviceId: number, alias: number): number[] => [
  ...short(type, deviceId),
  0,
  ...littleEndian(alias, 2),
  0,
];

const UID_STRING = 2;

const entryBytes = (entry: EntrySketch): number[] => {
  switch (entry.kind) {
    case 'all':
      return short(0x01, 0);
    case 'select':
      return entry.alias === undefined ? short(0x02, entry.deviceId) : aliased(0x42, entry.deviceId, entry.alias);
    case 'range': {
      const { first, last, alias } = entry;
      return [...(alias === undefined ? short(0x03, first) : aliased(0x43, first, alias)), ...short(0x04, last)];
    }
    case 'special':
      return [0x48, 0, 0, 0, 0, ...littleEndian(entry.deviceId, 2), entry.variety === 'io-apic' ? 1 : 2];
    case 'acpi-hid': {
      const { hid, uid, deviceId } = entry;
      const head = [...short(0xf0, deviceId), ...ascii(hid, 8), ...littleEndian(0, 8)];
      return uid === undefined ? [...head, 0, 0] : [...head, UID_STRING, uid.length, ...ascii(uid)];
    }
  }
};

const typeOf = ({ efr, efr2, entries }: UnitSketch): 0x10 | 0x11 | 0x40 => {
  if (entries.some(({ kind }) => kind === 'acpi-hid')) return 0x40;
  return efr === undefined && efr2 === undefined ? 0x10 : 0x11;
};

const unitBytes = (unit: UnitSketch): number[] => {
  const { type = typeOf(unit), deviceId, capabilityOffset = 0x40, base = 0xfeb80000n, segment = 0 } = unit;
  const features = type === 0x10 ? [] : [...littleEndian(unit.efr ?? 0n, 8), ...littleEndian(unit.efr2 ?? 0n, 8)];
  const body = [
    ...littleEndian(deviceId, 2),
    ...littleEndian(capabilityOffset, 2),
    ...littleEndian(base, 8),
    ...littleEndian(segment, 2),
    ...littleEndian(0, 6),
    ...features,
    ...unit.entries.flatMap(entryBytes),
  ];
  return [type, 0, ...littleEndian(body.length + 4, 2), ...body];
};

const UNITY_READ_WRITE = 0x07;
const EXCLUSION = 0x08;

const memoryBytes = ({ devices, segment = 0, start, length, kind = 'unity' }: MemorySketch): number[] => {
  const one = devices && devices.first === devices.last;
  return [
    devices ? (one ? 0x21 : 0x22) : 0x20,
    kind === 'unity' ? UNITY_READ_WRITE : EXCLUSION,
    ...littleEndian(32, 2),
    ...littleEndian(devices?.first ?? 0, 2),
    ...littleEndian(devices && !one ? devices.last : 0, 2),
    ...littleEndian(segment, 2),
    ...littleEndian(0, 6),
    ...littleEndian(start, 8),
    ...littleEndian(length, 8),
  ];
};

/** IVinfo: images of feature registers count. */
const FEATURES_GIVEN = 1;

/**
 * Write an IVRS table, for machines made by hand.
 *
 * @returns The whole table with its ACPI header and a right checksum.
 * @see AMD I/O Virtualization Technology (IOMMU) Specification 3.10, section 5.2 (I/O Virtualization Reporting Structure)
 */
export const writeIvrs = ({
  units,
  memory = [],
}: {
  readonly units: readonly UnitSketch[];
  readonly memory?: readonly MemorySketch[];
}): Uint8Array => {
  const header = [...ascii('IVRS', 8), 2, ...ascii('', 27)];
  const info = units.some(({ efr, efr2 }) => efr !== undefined || efr2 !== undefined) ? FEATURES_GIVEN : 0;
  return sealAcpiTable(
    Uint8Array.from([
      ...header,
      ...littleEndian(info, 4),
      ...littleEndian(0, 8),
      ...units.flatMap(unitBytes),
      ...memory.flatMap(memoryBytes),
    ]),
  );
};
