import type { Errno, Group, UnitRegisters } from '@iommu/core';

/*
 * SMMUv2's table of streams: in an SMMU that matches, each entry holds an id and a mask of bits to ignore; in one that
 * indexes, the id is the entry's number.
 */

/** What the unit's registers say of its table. */
export interface StreamMapShape {
  readonly matching: boolean;
  /** Entries, where ids are matched. */
  readonly entries: number;
  /** Highest stream id. */
  readonly lastId: number;
}

const IDR0 = { streamMatching: 1 << 27, extendedIds: 1 << 8, idBitsShift: 9, idBits: 0xf, entries: 0xff };
/** Of a unit whose registers are not known: the most that there can be. */
const USUAL: StreamMapShape = { matching: true, entries: 128, lastId: 0x7fff };

/** @see Linux v7.0 drivers/iommu/arm/arm-smmu/arm-smmu.c arm_smmu_device_cfg_probe() */
export const streamMapShape = (registers: UnitRegisters | undefined): StreamMapShape => {
  const value = registers?.registers['idr0'];
  if (value === undefined) return USUAL;
  const id0 = Number(value & 0xffffffffn);
  const ids = (id0 & IDR0.extendedIds) !== 0 ? 0x10000 : 1 << ((id0 >>> IDR0.idBitsShift) & IDR0.idBits);
  return { matching: (id0 & IDR0.streamMatching) !== 0, entries: id0 & IDR0.entries, lastId: ids - 1 };
};

/** One entry in use. */
interface Entry {
  readonly id: number;
  readonly mask: number;
  users: number;
  /** That of the devices that use it. */
  group: Group | undefined;
}

/** Entries of one unit: which are in use, by how many devices, for which group. */
export class StreamMap {
  readonly #shape: StreamMapShape;
  readonly #entries = new Map<number, Entry>();

  constructor(shape: StreamMapShape) {
    this.#shape = shape;
  }

  /**
   * Find or claim an entry for each of a device's streams: all of them, or none.
   *
   * @param streams - Ids, with the bits to ignore in bits 31:16.
   * @returns Numbers of entries, or why not: `EINVAL` for an id out of range or one that only partly overlaps an entry,
   * `ENOSPC` when all entries are taken.
   * @see Linux v7.0 drivers/iommu/arm/arm-smmu/arm-smmu.c arm_smmu_probe_device(), arm_smmu_master_alloc_smes()
   */
  claim(streams: readonly number[]): readonly number[] | Errno {
    const claimed: number[] = [];
    for (const stream of streams) {
      const index = this.#claimOne(stream & 0xffff, stream >>> 16);
      if (typeof index === 'string') {
        this.release(claimed);
        return index;
      }
      claimed.push(index);
    }
    return claimed;
  }

  #claimOne(id: number, mask: number): number | Errno {
    const { lastId, matching } = this.#shape;
    if (id > lastId || mask > lastId) return 'EINVAL';
    const index = matching ? this.#find(id, mask) : id;
    if (typeof index === 'string') return index;
    const entry = this.#entries.get(index) ?? { id, mask, users: 0, group: undefined };
    entry.users++;
    this.#entries.set(index, entry);
    return index;
  }

  /**
   * An entry that matches all that the new one would, or else the first free one.
   *
   * @see Linux v7.0 drivers/iommu/arm/arm-smmu/arm-smmu.c arm_smmu_find_sme()
   */
  #find(id: number, mask: number): number | Errno {
    let free: number | undefined;
    for (let index = 0; index < this.#shape.entries; index++) {
      const entry = this.#entries.get(index);
      if (!entry) {
        free ??= index;
        continue;
      }
      const differing = id ^ entry.id;
      if ((mask & ~entry.mask) === 0 && (differing & ~entry.mask) === 0) return index;
      // Some id would match both.
      if ((differing & ~(entry.mask | mask)) === 0) return 'EINVAL';
    }
    return free ?? 'ENOSPC';
  }

  /** Give entries back; the last user of one frees it. */
  release(indexes: readonly number[]): void {
    for (const index of indexes) {
      const entry = this.#entries.get(index);
      if (entry && --entry.users === 0) this.#entries.delete(index);
    }
  }

  /**
   * The group of those who use these entries is that of the last one, if it has one. `EINVAL` when two of them
   * belong to different groups.
   *
   * @see Linux v7.0 drivers/iommu/arm/arm-smmu/arm-smmu.c arm_smmu_device_group()
   */
  groupOf(indexes: readonly number[]): Group | undefined | 'EINVAL' {
    let group: Group | undefined;
    for (const index of indexes) {
      const other = this.#entries.get(index)?.group;
      if (group && other && other !== group) return 'EINVAL';
      group = other;
    }
    return group;
  }

  setGroup(indexes: readonly number[], group: Group): void {
    for (const index of indexes) {
      const entry = this.#entries.get(index);
      if (entry) entry.group = group;
    }
  }
}
