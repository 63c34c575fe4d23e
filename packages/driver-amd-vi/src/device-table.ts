import type { AcpiHidEntry, DeviceEntry } from './device-entries.js';
import type { AmdUnit } from './units.js';

const IDS = 0x10000;

/** What the table says of the requester ids of one PCI segment. */
class SegmentTable {
  /** Of each requester id, the number of its unit counted from 1; 0: none. The block that names it last wins. */
  readonly #owners = new Uint8Array(IDS);
  readonly #aliases = new Map<number, number>();
  readonly #aliasedBuses = new Set<number>();
  /** The highest id that is named; ids above have no IOMMU. */
  #last = -1;

  ownerOf(id: number): number {
    return id > this.#last ? 0 : (this.#owners[id] ?? 0);
  }

  own(first: number, last: number, owner: number): void {
    this.#owners.fill(owner, first, last + 1);
  }

  raiseEnd(id: number): void {
    if (id > this.#last) this.#last = id;
  }

  get last(): number {
    return this.#last;
  }

  aliasOf(id: number): number | undefined {
    return this.#aliases.get(id);
  }

  alias(first: number, last: number, seenAs: number): void {
    for (let id = first; id <= last; id++) {
      this.#aliases.set(id, seenAs);
      if (id !== seenAs && id >> 8 === seenAs >> 8) this.#aliasedBuses.add(id >> 8);
    }
  }

  hasAliasOn(bus: number): boolean {
    return this.#aliasedBuses.has(bus);
  }
}

/** How a release reads the table. */
export interface TableRules {
  /** PCI segments are told apart; before 6.0 all share one table. */
  readonly tellsSegments: boolean;
  /** Every range owns the id that was last named as an alias, or id 0, whether or not it is seen as that: 6.14 to 6.16. */
  readonly rangesOwnAlias: boolean;
}

/** A device that is named by its ACPI ids, and where. */
export interface AcpiHidDevice {
  readonly segment: number;
  readonly entry: AcpiHidEntry;
}

const NO_TABLE = new SegmentTable();

/**
 * Which unit translates a requester id, and as what id it is seen.
 *
 * @see Linux v7.0 drivers/iommu/amd/init.c init_iommu_from_acpi(), find_last_devid_from_ivhd(), init_iommu_one_late()
 */
export class DeviceTable {
  readonly #units: readonly AmdUnit[];
  readonly #segments = new Map<number, SegmentTable>();
  readonly #telling: boolean;
  /** In table order. */
  readonly acpiHidDevices: readonly AcpiHidDevice[];

  /** @param units - In table order, at most 255. */
  constructor(units: readonly AmdUnit[], { tellsSegments, rangesOwnAlias }: TableRules) {
    this.#units = units;
    this.#telling = tellsSegments;
    const hids: AcpiHidDevice[] = [];
    for (const { ivhd } of units) {
      const table = this.#grow(ivhd.segment);
      for (const entry of ivhd.entries) raiseEnd(table, entry);
    }
    for (const [at, { ivhd }] of units.entries()) {
      const segment = this.#key(ivhd.segment);
      enter(this.#grow(segment), at + 1, ivhd.entries, rangesOwnAlias);
      for (const entry of ivhd.entries) if (entry.kind === 'acpi-hid') hids.push({ segment, entry });
    }
    // An IOMMU does not translate its own function.
    for (const { ivhd } of units) this.#grow(ivhd.segment).own(ivhd.deviceId, ivhd.deviceId, 0);
    this.acpiHidDevices = hids;
  }

  /** The table counts segments in 16 bits. */
  #key(segment: number): number {
    return this.#telling ? segment & 0xffff : 0;
  }

  #grow(segment: number): SegmentTable {
    const key = this.#key(segment);
    let table = this.#segments.get(key);
    if (!table) {
      table = new SegmentTable();
      this.#segments.set(key, table);
    }
    return table;
  }

  #of(segment: number): SegmentTable {
    return this.#segments.get(this.#key(segment)) ?? NO_TABLE;
  }

  /** `undefined`: no IOMMU translates the id. */
  unitOf(segment: number, id: number): AmdUnit | undefined {
    return this.#units[this.#of(segment).ownerOf(id) - 1];
  }

  /** The id that the IOMMU sees in its place; `undefined`: its own. */
  aliasOf(segment: number, id: number): number | undefined {
    return this.#of(segment).aliasOf(id);
  }

  /** Whether any id of the bus is seen as another one of the bus. */
  hasAliasOn(segment: number, bus: number): boolean {
    return this.#of(segment).hasAliasOn(bus);
  }

  /** The highest id of a segment that is named; -1: none is. */
  lastOf(segment: number): number {
    return this.#of(segment).last;
  }

  /** As the release sees it: which table a block of this segment speaks of. */
  sameSegment(one: number, other: number): boolean {
    return this.#key(one) === this.#key(other);
  }
}

/** Interrupt controllers, timers and devices of ACPI do not raise the end of the table. */
const raiseEnd = (table: SegmentTable, entry: DeviceEntry): void => {
  if (entry.kind === 'all') table.raiseEnd(IDS - 1);
  else if (entry.kind === 'select' || entry.kind === 'range-end') table.raiseEnd(entry.deviceId);
};

/** A range that no entry opened starts at 0, or where the last one did. */
const enter = (table: SegmentTable, owner: number, entries: readonly DeviceEntry[], rangesOwnAlias: boolean): void => {
  let start: { readonly deviceId: number; readonly alias?: number } = { deviceId: 0 };
  let lastAlias = 0;
  for (const entry of entries) {
    if ('alias' in entry && entry.alias !== undefined) lastAlias = entry.alias;
    if (entry.kind === 'range-start') start = entry;
    else if (entry.kind === 'range-end') {
      own(table, owner, start.deviceId, entry.deviceId, start.alias);
      if (rangesOwnAlias) table.own(lastAlias, lastAlias, owner);
    } else if (entry.kind === 'all') own(table, owner, 0, IDS - 1);
    else own(table, owner, entry.deviceId, entry.deviceId, entry.kind === 'select' ? entry.alias : undefined);
  }
};

const own = (table: SegmentTable, owner: number, first: number, last: number, alias?: number): void => {
  if (alias !== undefined) {
    table.alias(first, last, alias);
    table.own(alias, alias, owner);
  }
  table.own(first, last, owner);
};
