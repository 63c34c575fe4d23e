import type { Device, Platform, ReservedRegion } from '@iommu/core';
import { isPciDevice } from '@iommu/pci';
import { mapId } from './id-map.js';
import { readItsBases } from './madt-its.js';
import type { Iort, IortNode, ItsGroup, RmrDescriptor, RmrNode, SmmuNode } from './nodes.js';

/** Tables from here on may reserve memory. @see Linux v7.0 drivers/acpi/arm64/iort.c iort_find_rmrs() */
const FIRST_REVISION_WITH_RMR = 5;
const HISILICON_HI161X = 1;
/** Of an ITS, the page to which devices write their interrupts stands this far above its base, and is so long. */
const TRANSLATION_PAGE = 0x10000n;
const PAGE = 0x1000n;

const isItsGroup = (node: IortNode): node is ItsGroup => node.kind === 'its-group';

/** What firmware by ACPI keeps of a device's addresses. */
export class IortReserved {
  readonly #iort: Iort;
  readonly #platform: Platform;
  readonly #rmrs: readonly RmrNode[];
  #itsBases: ReadonlyMap<number, bigint> | undefined;
  #told = false;

  constructor(iort: Iort, platform: Platform) {
    this.#iort = iort;
    this.#platform = platform;
    const honoured = iort.revision >= FIRST_REVISION_WITH_RMR && platform.kernel.has('6.0');
    this.#rmrs = honoured ? iort.nodes.filter((node): node is RmrNode => node.kind === 'rmr') : [];
  }

  /** @see Linux v7.0 drivers/acpi/arm64/iort.c iort_iommu_get_resv_regions() */
  regionsOf(device: Device, smmu: SmmuNode, ids: readonly number[], from: IortNode | undefined): ReservedRegion[] {
    return [...this.#interruptPages(smmu, ids, from), ...this.#ranges(device, smmu, ids)];
  }

  /** The one SMMU whose interrupts are translated too needs the pages that devices write to. @see iort_iommu_msi_get_resv_regions() */
  #interruptPages(smmu: SmmuNode, ids: readonly number[], from: IortNode | undefined): ReservedRegion[] {
    if (smmu.kind !== 'smmu-v3' || smmu.model !== HISILICON_HI161X || !from) return [];
    for (const id of ids) {
      const group = mapId(this.#iort, smmu, id, isItsGroup);
      if (group) return this.#pagesOf(group.node);
    }
    return [];
  }

  #pagesOf({ identifiers }: ItsGroup): ReservedRegion[] {
    this.#itsBases ??= readItsBases(this.#platform);
    return identifiers.flatMap((identifier) => {
      const base = this.#itsBases?.get(identifier);
      if (base === undefined) return [];
      const start = base + TRANSLATION_PAGE;
      return [{ start, end: start + TRANSLATION_PAGE - 1n, type: 'msi' as const }];
    });
  }

  /** @see Linux v7.0 drivers/acpi/arm64/iort.c iort_node_get_rmr_info(), iort_get_rmrs() */
  #ranges(device: Device, smmu: SmmuNode, ids: readonly number[]): ReservedRegion[] {
    const concerned = this.#rmrs.filter(({ mappings }) =>
      mappings.some(
        ({ outputReference, outputBase, idCount }) =>
          outputReference === smmu.offset && ids.some((id) => id >= outputBase && id <= outputBase + idCount),
      ),
    );
    if (concerned.length > 0 && isPciDevice(device)) this.#tellSupposition();
    return concerned.flatMap(({ remapPermitted, descriptors }) =>
      descriptors
        .filter(({ length }) => length > 0n)
        .map((range) => ({ ...inPages(range), type: remapPermitted ? 'direct-relaxable' : 'direct' })),
    );
  }

  /** Whether firmware asks to keep the bus numbers that such ranges rest on is in AML, which nobody reads here. */
  #tellSupposition(): void {
    if (this.#told) return;
    this.#told = true;
    this.#platform.report({
      severity: 'assumed',
      code: 'rmr-boot-configuration',
      message:
        'the IORT reserves memory for PCI functions; the host bridge is taken to keep its boot configuration, without which Linux ignores that',
    });
  }
}

/** Ranges that are not in steps of 64 KiB are widened to whole pages. */
const inPages = ({ base, length }: RmrDescriptor): { start: bigint; end: bigint } => {
  const aligned = base % TRANSLATION_PAGE === 0n && length % TRANSLATION_PAGE === 0n;
  const start = aligned ? base : base - (base % PAGE);
  const end = base + length;
  const rest = end % PAGE;
  return { start, end: (aligned || rest === 0n ? end : end + PAGE - rest) - 1n };
};
