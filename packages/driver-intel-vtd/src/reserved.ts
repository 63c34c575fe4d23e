import type { Device, ReservedRegion } from '@iommu/core';
import { isPciDevice, type PciDevice, type PciTopology } from '@iommu/pci';
import type { Dmar, Rmrr } from './dmar.js';
import { isDisplay } from './graphics-quirks.js';
import { isAtOrBelow, matchScope } from './scope-match.js';

const USB = 0x0c03;
const ISA_BRIDGE = 0x0601;

const MSI: ReservedRegion = { start: 0xfee00000n, end: 0xfeefffffn, type: 'msi' };

/** What a driver may map over once it has the device: such regions serve the firmware's own use of it. */
const isRelaxable = (device: PciDevice): boolean =>
  isDisplay(device) || (device.facts.classCode !== undefined && device.facts.classCode >>> 8 === USB);

const isIsaBridge = (device: Device): boolean =>
  isPciDevice(device) && device.facts.classCode !== undefined && device.facts.classCode >>> 8 === ISA_BRIDGE;

/** The memory regions that firmware reserves, with the devices that they are for: last of the table first. */
export class ReservedMemory {
  readonly #rmrrs: readonly Rmrr[];
  readonly #relaxable: 'direct-relaxable' | 'direct';
  #epoch = -1;
  #scopes: readonly { readonly rmrr: Rmrr; readonly device: PciDevice }[] = [];

  /** @param relaxable - How this kernel prints a region that may be given up: 5.3 brought the word. */
  constructor(dmar: Dmar, relaxable: 'direct-relaxable' | 'direct') {
    this.#rmrrs = [...dmar.rmrrs].reverse();
    this.#relaxable = relaxable;
  }

  #scopesIn(topology: PciTopology) {
    if (this.#epoch !== topology.epoch) {
      this.#epoch = topology.epoch;
      this.#scopes = this.#rmrrs.flatMap((rmrr) =>
        rmrr.scopes.flatMap((scope) => {
          const device = matchScope(topology, rmrr.segment, scope);
          return device ? [{ rmrr, device }] : [];
        }),
      );
    }
    return this.#scopes;
  }

  /**
   * The regions of one device: its RMRRs, the ISA window of an ISA bridge, the interrupt window.
   *
   * @see Linux v7.0 drivers/iommu/intel/iommu.c intel_iommu_get_resv_regions()
   */
  regionsOf(device: Device): ReservedRegion[] {
    const regions: ReservedRegion[] = [];
    if (isPciDevice(device) && this.#rmrrs.length > 0) {
      const type = isRelaxable(device) ? this.#relaxable : 'direct';
      for (const { rmrr, device: scoped } of this.#scopesIn(device.topology)) {
        if (isAtOrBelow(device, scoped)) regions.push({ start: rmrr.base, end: rmrr.limit, type });
      }
    }
    // The floppy's DMA controller sits behind it (CONFIG_INTEL_IOMMU_FLOPPY_WA).
    if (isIsaBridge(device)) regions.push({ start: 0n, end: 0xffffffn, type: this.#relaxable });
    regions.push(MSI);
    return regions;
  }
}
