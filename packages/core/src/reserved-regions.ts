/** A kind of reserved region, with the internal order by which equal starts are sorted; both MSI kinds print `msi`. */
export type ReservedRegionType = 'direct' | 'direct-relaxable' | 'reserved' | 'msi' | 'sw-msi';

/** I/O virtual addresses that are not free to map. Both ends inclusive, in bytes, as sysfs prints them. */
export interface ReservedRegion {
  /** The first address, 0 to 2^64-1. */
  readonly start: bigint;
  /** The last address that is still in it: one mebibyte from 0 on ends at 0xfffff. */
  readonly end: bigint;
  /** Regions of different types are kept apart, even where they overlap. */
  readonly type: ReservedRegionType;
}

const RANK: Readonly<Record<ReservedRegionType, number>> = {
  direct: 0,
  'direct-relaxable': 1,
  reserved: 2,
  msi: 3,
  'sw-msi': 4,
};

/**
 * Add one region to a sorted list, then join what touches.
 *
 * The list is ascending by start, then by kind. Of one kind, regions that overlap or adjoin exactly become one, at the
 * place of the earlier; of different kinds they never do.
 *
 * @param list - Changed in place.
 * @see Linux v7.0 drivers/iommu/iommu.c iommu_insert_resv_region()
 */
export const insertReservedRegion = (list: ReservedRegion[], region: ReservedRegion): void => {
  const at = list.findIndex(
    (other) => other.start > region.start || (other.start === region.start && RANK[other.type] >= RANK[region.type]),
  );
  list.splice(at < 0 ? list.length : at, 0, region);

  const lastOfType = new Map<ReservedRegionType, number>();
  let kept = 0;
  for (const next of list) {
    const index = lastOfType.get(next.type) ?? -1;
    const previous = list[index];
    if (previous && next.start <= previous.end + 1n) {
      if (next.end > previous.end) list[index] = { ...previous, end: next.end };
    } else {
      lastOfType.set(next.type, kept);
      list[kept++] = next;
    }
  }
  list.length = kept;
};

/** One line of a group's `reserved_regions`, without the newline: start, inclusive end, kind. */
export const formatReservedRegion = ({ start, end, type }: ReservedRegion): string =>
  `0x${start.toString(16).padStart(16, '0')} 0x${end.toString(16).padStart(16, '0')} ${type === 'sw-msi' ? 'msi' : type}`;
