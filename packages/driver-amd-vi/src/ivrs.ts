import type { Diagnostic } from '@iommu/core';
import { openAcpiTable, type TableReader } from '@iommu/firmware';
import { type DeviceEntry, readDeviceEntries } from './device-entries.js';

/*
 * The I/O Virtualization Reporting Structure, in the words of the AMD I/O Virtualization Technology (IOMMU)
 * Specification, chapter 5.
 * Offsets, and what Linux does with odd values: Linux v7.0 drivers/iommu/amd/init.c, include/acpi/actbl2.h.
 */

/** I/O Virtualization Hardware Definition: one IOMMU, in one of up to three formats. */
export interface Ivhd {
  /** In bytes from the table's start, as of every block. */
  readonly offset: number;
  /** One unit may be described once in each: {@link usedIvhds} picks those that Linux reads. */
  readonly type: 0x10 | 0x11 | 0x40;
  /**
   * 8 bits: HtTunEn, PassPW, ResPassPW, Isoc, IotlbSup, Coherent, of type 0x10 also PreFSup, PPRSup, from bit 0 up. No effect on
   * groups.
   */
  readonly flags: number;
  /** Requester id of the IOMMU's own function. */
  readonly deviceId: number;
  /** Where the IOMMU's capability stands in that function's configuration space. */
  readonly capabilityOffset: number;
  /** Host physical address of the registers, in bytes. */
  readonly base: bigint;
  /** 16 bits: of the unit and of all ids in its entries. Before 6.0 Linux does not tell segments apart. */
  readonly segment: number;
  /** Image of the extended feature registers; only types 0x11 and 0x40 hold one. */
  readonly efr: bigint | undefined;
  /** Image of the second register (MMIO 0x1a0), as `efr` is of the first (MMIO 0x30). */
  readonly efr2: bigint | undefined;
  /** In table order, which pairs the ends of ranges. Left out: unknown types, and ACPI devices without a hardware id. */
  readonly entries: readonly DeviceEntry[];
}

/** I/O Virtualization Memory Definition: memory that some devices need mapped one to one, or not translated. */
export interface Ivmd {
  /** In bytes from the table's start. */
  readonly offset: number;
  /** 16 bits: of `devices`. */
  readonly segment: number;
  /** The requester ids that it is for, both inclusive; `undefined`: all of the segment. */
  readonly devices: { readonly first: number; readonly last: number } | undefined;
  /** Host physical, in bytes, as the table has them: neither need be whole pages. */
  readonly start: bigint;
  /** In bytes, 64 bits; Linux rounds it, like `start`, up to whole pages of 4 KiB. */
  readonly length: bigint;
  /** Flag bit 0: map one to one. */
  readonly unity: boolean;
  /** Flag bit 3: leave untranslated. Linux maps it one to one, as with `unity`. */
  readonly exclusion: boolean;
}

/** All of an IVRS table; lists in table order. */
export interface Ivrs {
  /**
   * 32 bits; with bit 0 Linux takes `Ivhd.efr` in place of the registers, unless it is 0.
   *
   * @see AMD I/O Virtualization Technology (IOMMU) Specification 3.10, section 5.2 (IVinfo)
   */
  readonly ivInfo: number;
  /** `false`: Linux gives up AMD-Vi, and no device has an IOMMU. */
  readonly checksumOk: boolean;
  /** The format of the IVHD blocks that Linux uses; `undefined` when there is no block. */
  readonly ivhdType: number | undefined;
  /** Of all formats: a unit is there up to three times. */
  readonly ivhds: readonly Ivhd[];
  /** Blocks that are neither `unity` nor `exclusion` have no effect. */
  readonly ivmds: readonly Ivmd[];
}

export const BLOCKS_START = 48;
const IVHD_TYPES = [0x10, 0x11, 0x40] as const;
const IVMD_ALL = 0x20;
const IVMD_RANGE = 0x22;
/** Bytes of a block's head, before the device entries. */
export const IVHD_HEAD: Readonly<Record<Ivhd['type'], number>> = { 16: 24, 17: 40, 64: 40 };
const IVMD_LENGTH = 32;
/** Linux looks for the newest format up to here, and stops at the first block beyond. */
const LAST_KNOWN_TYPE = 0x40;

export const isIvhdType = (type: number): type is Ivhd['type'] => (IVHD_TYPES as readonly number[]).includes(type);

export const isIvmdType = (type: number): boolean => type >= IVMD_ALL && type <= IVMD_RANGE;

/**
 * Parse an IVRS table.
 *
 * @param bytes - The table with its ACPI header; little-endian.
 * @param report - Told of odd values that Linux survives.
 * @throws IommuError `ERR_TABLE_TRUNCATED`, `ERR_TABLE_SIGNATURE` when the bytes are not a whole IVRS;
 * `ERR_TABLE_FIELD` for a block that cannot be right, with the offset and what was expected.
 * @see AMD I/O Virtualization Technology (IOMMU) Specification 3.10, section 5.2 (I/O Virtualization Reporting Structure)
 */
export const parseIvrs = (bytes: Uint8Array, report: (diagnostic: Diagnostic) => void = () => {}): Ivrs => {
  const { reader, checksumOk } = openAcpiTable(bytes, 'IVRS');
  reader.require(0, BLOCKS_START, 'the IVRS header');
  const ivhds: Ivhd[] = [];
  const ivmds: Ivmd[] = [];
  const heads: BlockHead[] = [];
  for (let offset = BLOCKS_START; offset < reader.length; ) {
    if (offset + 4 > reader.length)
      throw reader.error(offset, `${reader.length - offset} bytes are left, fewer than a block's header`);
    const type = reader.u8(offset);
    const length = reader.u16(offset + 2);
    if (length < 4) throw reader.error(offset + 2, `block of ${length} bytes, expected at least 4`);
    if (offset + length > reader.length)
      throw reader.error(offset + 2, `block of ${length} bytes passes the end of the table at ${reader.length}`);
    const block = reader.slice(offset, length);
    heads.push({ type, deviceId: length >= 6 ? block.u16(4) : undefined });
    if (isIvhdType(type)) ivhds.push(readIvhd(type, block));
    else if (isIvmdType(type)) ivmds.push(readIvmd(type, block));
    else
      report({
        severity: 'firmware-bug',
        code: 'ivrs-unknown-type',
        message: `${block.at(0)}: unknown block type 0x${type.toString(16)} skipped`,
        at: { table: 'IVRS', offset },
      });
    offset += length;
  }
  return { ivInfo: reader.u32(36), checksumOk, ivhdType: ivhdTypeOf(heads), ivhds, ivmds };
};

const readIvhd = (type: Ivhd['type'], block: TableReader): Ivhd => {
  const head = IVHD_HEAD[type];
  if (block.length < head) {
    throw block.error(2, `IVHD of type 0x${type.toString(16)} of ${block.length} bytes, expected at least ${head}`);
  }
  const isLong = type !== 0x10;
  return {
    offset: block.base,
    type,
    flags: block.u8(1),
    deviceId: block.u16(4),
    capabilityOffset: block.u16(6),
    base: block.u64(8),
    segment: block.u16(16),
    efr: isLong ? block.u64(24) : undefined,
    efr2: isLong ? block.u64(32) : undefined,
    entries: readDeviceEntries(block, head),
  };
};

const FLAG_UNITY = 0x01;
const FLAG_EXCLUSION = 0x08;

const readIvmd = (type: number, block: TableReader): Ivmd => {
  if (block.length < IVMD_LENGTH)
    throw block.error(2, `IVMD of ${block.length} bytes, expected at least ${IVMD_LENGTH}`);
  const flags = block.u8(1);
  const first = block.u16(4);
  const last = type === IVMD_RANGE ? block.u16(6) : first;
  return {
    offset: block.base,
    segment: block.u16(8),
    devices: type === IVMD_ALL ? undefined : { first, last },
    start: block.u64(16),
    length: block.u64(24),
    unity: (flags & FLAG_UNITY) !== 0,
    exclusion: (flags & FLAG_EXCLUSION) !== 0,
  };
};

/** What every block starts with. */
interface BlockHead {
  readonly type: number;
  readonly deviceId: number | undefined;
}

/**
 * Firmware may describe each unit several times, in ever newer formats: the last block for the first unit decides.
 * Linux does not ask whether that block is an IVHD.
 *
 * @see Linux v7.0 drivers/iommu/amd/init.c get_highest_supported_ivhd_type()
 */
const ivhdTypeOf = (heads: readonly BlockHead[]): number | undefined => {
  const [first] = heads;
  const end = heads.findIndex(({ type }) => type > LAST_KNOWN_TYPE);
  const known = end < 0 ? heads : heads.slice(0, end);
  return known.findLast(({ deviceId }) => deviceId === first?.deviceId)?.type ?? first?.type;
};

/** The IVHD blocks that Linux uses, in table order: those of one format; others repeat the same units. */
export const usedIvhds = ({ ivhds, ivhdType }: Ivrs): readonly Ivhd[] => ivhds.filter(({ type }) => type === ivhdType);
