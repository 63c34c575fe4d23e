import type { ReservedRegion } from '@iommu/core';
import type { DeviceTable } from './device-table.js';
import type { Ivmd, Ivrs } from './ivrs.js';

const PAGE = 0x1000n;

const MSI: ReservedRegion = { start: 0xfee00000n, end: 0xfeefffffn, type: 'msi' };
/** Addresses that HyperTransport uses for itself. */
const HYPERTRANSPORT: ReservedRegion = { start: 0xfd00000000n, end: 0xffffffffffn, type: 'reserved' };

/** Up to a whole page; what passes 64 bits is cut off, as in the kernel. */
const pageAlign = (value: bigint): bigint => BigInt.asUintN(64, (value + PAGE - 1n) & -PAGE);

/** The region of a block. Memory to be left untranslated is mapped one to one too. */
const regionOf = ({ start, length }: Ivmd): ReservedRegion => {
  const first = pageAlign(start);
  return { start: first, end: BigInt.asUintN(64, first + pageAlign(length) - 1n), type: 'direct' };
};

/** The memory that firmware wants mapped, and what of the address space is spoken for. */
export class ReservedMemory {
  readonly #maps: readonly { readonly ivmd: Ivmd; readonly region: ReservedRegion }[];
  readonly #table: DeviceTable;
  readonly #fixed: readonly ReservedRegion[];

  /** @param ignoresHypertransport - The units translate its addresses like the rest. */
  constructor({ ivmds }: Ivrs, table: DeviceTable, ignoresHypertransport: boolean) {
    this.#maps = ivmds
      .filter(({ unity, exclusion }) => unity || exclusion)
      .map((ivmd) => ({ ivmd, region: regionOf(ivmd) }));
    this.#table = table;
    this.#fixed = ignoresHypertransport ? [MSI] : [MSI, HYPERTRANSPORT];
  }

  /**
   * The regions of one requester id: the unity maps in table order, the interrupt window, HyperTransport.
   *
   * @see Linux v7.0 drivers/iommu/amd/iommu.c amd_iommu_get_resv_regions()
   * @see Linux v7.0 drivers/iommu/amd/init.c init_unity_map_range()
   */
  regionsOf(segment: number, id: number): ReservedRegion[] {
    const mapped = this.#maps.filter(({ ivmd }) => this.#concerns(ivmd, segment, id)).map(({ region }) => region);
    return [...mapped, ...this.#fixed];
  }

  #concerns({ segment: of, devices }: Ivmd, segment: number, id: number): boolean {
    if (!this.#table.sameSegment(of, segment)) return false;
    return devices ? id >= devices.first && id <= devices.last : id <= this.#table.lastOf(segment);
  }
}
