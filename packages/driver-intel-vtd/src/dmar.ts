import type { Diagnostic } from '@iommu/core';
import { openAcpiTable, type TableReader } from '@iommu/firmware';
import { type DeviceScope, parseDeviceScopes } from './device-scope.js';

/*
 * The DMA Remapping Reporting table, in the words of the Intel VT-d specification, chapter 8.
 * Offsets, and what Linux does with odd values: Linux v7.0 drivers/iommu/intel/dmar.c, include/acpi/actbl1.h.
 */

/** DMA Remapping Hardware Unit Definition: one IOMMU. */
export interface Drhd {
  /** In bytes from the table's start, as of every structure. */
  readonly offset: number;
  /** All devices of the segment that no other unit names. */
  readonly includePciAll: boolean;
  /** 16 bits; since 5.6 functions in the segment of a host such as VMD go with that host. */
  readonly segment: number;
  /** Host physical address of the registers, in bytes. */
  readonly registerBase: bigint;
  /** In table order; with `includePciAll` PCI functions among them are not looked at. */
  readonly scopes: readonly DeviceScope[];
}

/** Reserved Memory Region Reporting: what firmware needs mapped one to one. */
export interface Rmrr {
  /** In bytes from the table's start. */
  readonly offset: number;
  /** 16 bits; that of all its scopes. */
  readonly segment: number;
  /** The first address, host physical. @see Intel VT-d specification, 8.4 */
  readonly base: bigint;
  /** The last address, inclusive. */
  readonly limit: bigint;
  /** Who needs the memory, in table order; it counts for all below them, too. */
  readonly scopes: readonly DeviceScope[];
}

/** Root Port ATS Capability Reporting, or SoC Integrated Address Translation Cache: no effect on groups. */
export interface AtcReporting {
  /** In bytes from the table's start. */
  readonly offset: number;
  /** 16 bits; that of all its scopes. */
  readonly segment: number;
  /** ATSR: all root ports; SATC: the cache is required. */
  readonly flag: boolean;
  /** In table order: root ports of an ATSR, integrated endpoints of a SATC. */
  readonly scopes: readonly DeviceScope[];
}

/** Remapping Hardware Static Affinity: the NUMA node of a unit. */
export interface Rhsa {
  /** In bytes from the table's start. */
  readonly offset: number;
  /** Which unit it speaks of: that with the same `Drhd.registerBase`. */
  readonly registerBase: bigint;
  /** 32 bits, as the SRAT numbers NUMA nodes; no effect on groups. @see Intel VT-d specification, 8.6 */
  readonly proximityDomain: number;
}

/** ACPI Name-space Device Declaration. */
export interface Andd {
  /** In bytes from the table's start. */
  readonly offset: number;
  /** 8 bits: what `DeviceScope.enumerationId` of type `acpi-namespace` refers to. @see Intel VT-d specification, 8.7 */
  readonly deviceNumber: number;
  /** `\_SB.PCI0.I2C0` */
  readonly objectName: string;
}

/** All of a DMAR table, each list in table order. */
export interface Dmar {
  /** Of DMA addresses, in bits: one more than the byte in the table. */
  readonly hostAddressWidth: number;
  /** Bit 0 of the flags (INTR_REMAP); no effect on groups. @see Intel VT-d specification, 8.1 */
  readonly interruptRemapping: boolean;
  /** Firmware asks that DMA be controlled from the start. */
  readonly platformOptIn: boolean;
  /** `false`: Linux warns and goes on; so does the driver (`dmar-checksum`). */
  readonly checksumOk: boolean;
  /** Units, `dmar0` first; one with segment and registers of an earlier one is that unit again. @see Intel VT-d specification, 8.3 */
  readonly drhds: readonly Drhd[];
  /** Reserved memory, which becomes reserved regions. @see Intel VT-d specification, 8.4 */
  readonly rmrrs: readonly Rmrr[];
  /** Root ports that pass ATS on; only a scope that contradicts its function has an effect. @see Intel VT-d specification, 8.5 */
  readonly atsrs: readonly AtcReporting[];
  /** NUMA nodes of units; no effect on groups. @see Intel VT-d specification, 8.6 */
  readonly rhsas: readonly Rhsa[];
  /** Devices of ACPI that scopes name by number. @see Intel VT-d specification, 8.7 */
  readonly andds: readonly Andd[];
  /** Endpoints with ATS caches; only a scope that contradicts its function has an effect. @see Intel VT-d specification, 8.8 */
  readonly satcs: readonly AtcReporting[];
}

export const STRUCTURES_START = 48;
const Structure = { DRHD: 0, RMRR: 1, ATSR: 2, RHSA: 3, ANDD: 4, SATC: 5, SIDP: 6 } as const;

/** Bytes before the device scopes, or of the whole structure where it has none. */
export const FIXED_LENGTH: Readonly<Record<number, number>> = {
  [Structure.DRHD]: 16,
  [Structure.RMRR]: 24,
  [Structure.ATSR]: 8,
  [Structure.RHSA]: 20,
  [Structure.ANDD]: 8,
  [Structure.SATC]: 8,
};

/** Width below which Linux takes the table for broken: pages are 2^12 bytes. */
const MINIMUM_WIDTH = 12;

/**
 * Parse a DMAR table.
 *
 * @param bytes - The table with its ACPI header; little-endian.
 * @param report - Told of odd values that Linux survives.
 * @throws IommuError `ERR_TABLE_TRUNCATED`, `ERR_TABLE_SIGNATURE` when the bytes are not a whole DMAR;
 * `ERR_TABLE_FIELD` for what Linux refuses, with the offset and what was expected.
 * @see Intel VT-d specification, DMA Remapping Reporting Structure
 * @see Linux v7.0 drivers/iommu/intel/dmar.c parse_dmar_table(), dmar_walk_remapping_entries()
 */
export const parseDmar = (bytes: Uint8Array, report: (diagnostic: Diagnostic) => void = () => {}): Dmar => {
  const { reader, checksumOk } = openAcpiTable(bytes, 'DMAR');
  reader.require(0, STRUCTURES_START, 'the DMAR header');
  const hostAddressWidth = reader.u8(36) + 1;
  if (hostAddressWidth < MINIMUM_WIDTH) {
    throw reader.error(36, `host address width ${hostAddressWidth}, expected at least ${MINIMUM_WIDTH}`);
  }
  const flags = reader.u8(37);
  const lists = {
    drhds: [] as Drhd[],
    rmrrs: [] as Rmrr[],
    atsrs: [] as AtcReporting[],
    rhsas: [] as Rhsa[],
    andds: [] as Andd[],
    satcs: [] as AtcReporting[],
  };
  for (let offset = STRUCTURES_START; offset < reader.length; ) {
    if (offset + 4 > reader.length) {
      throw reader.error(offset, `structure header passes the end of the table at ${reader.length}`);
    }
    const type = reader.u16(offset);
    const length = reader.u16(offset + 2);
    if (length === 0) {
      report(oddity('dmar-length-0', `${reader.at(offset)}: structure of length 0 ends the table`, offset));
      break;
    }
    if (offset + length > reader.length) {
      throw reader.error(offset, `structure of ${length} bytes passes the end of the table at ${reader.length}`);
    }
    readStructure(type, reader.slice(offset, length), lists, report);
    offset += length;
  }
  return {
    hostAddressWidth,
    interruptRemapping: (flags & 1) !== 0,
    platformOptIn: (flags & 4) !== 0,
    checksumOk,
    ...lists,
  };
};

const oddity = (code: string, message: string, offset: number): Diagnostic => ({
  severity: 'firmware-bug',
  code,
  message,
  at: { table: 'DMAR', offset },
});

interface Lists {
  readonly drhds: Drhd[];
  readonly rmrrs: Rmrr[];
  readonly atsrs: AtcReporting[];
  readonly rhsas: Rhsa[];
  readonly andds: Andd[];
  readonly satcs: AtcReporting[];
}

const readStructure = (
  type: number,
  part: TableReader,
  lists: Lists,
  report: (diagnostic: Diagnostic) => void,
): void => {
  const fixed = FIXED_LENGTH[type];
  const offset = part.base;
  if (fixed === undefined) {
    if (type !== Structure.SIDP)
      report(oddity('dmar-unknown-type', `${part.at(0)}: unknown structure type ${type} skipped`, offset));
    return;
  }
  if (part.length < fixed)
    throw part.error(2, `structure type ${type} of ${part.length} bytes, expected at least ${fixed}`);
  const scopes = () => parseDeviceScopes(part, fixed, report);
  switch (type) {
    case Structure.DRHD:
      lists.drhds.push({
        offset,
        includePciAll: (part.u8(4) & 1) !== 0,
        segment: part.u16(6),
        registerBase: part.u64(8),
        scopes: scopes(),
      });
      break;
    case Structure.RMRR:
      lists.rmrrs.push({ offset, segment: part.u16(6), base: part.u64(8), limit: part.u64(16), scopes: scopes() });
      break;
    case Structure.ATSR:
    case Structure.SATC: {
      const list = type === Structure.ATSR ? lists.atsrs : lists.satcs;
      list.push({ offset, segment: part.u16(6), flag: (part.u8(4) & 1) !== 0, scopes: scopes() });
      break;
    }
    case Structure.RHSA:
      lists.rhsas.push({ offset, registerBase: part.u64(8), proximityDomain: part.u32(16) });
      break;
    case Structure.ANDD:
      if (!endsInside(part)) throw part.error(8, 'ANDD object name without its terminating zero');
      lists.andds.push({ offset, deviceNumber: part.u8(7), objectName: part.ascii(8, part.length - 8) });
      break;
  }
};

const endsInside = (part: TableReader): boolean => {
  for (let at = 8; at < part.length; at++) if (part.u8(at) === 0) return true;
  return false;
};
