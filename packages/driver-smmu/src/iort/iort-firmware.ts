import type { Device, Platform, ReservedRegion, UnitNone } from '@iommu/core';
import { forEachDmaAlias, isPciDevice, type PciDevice } from '@iommu/pci';
import { none, type SmmuFirmware, type SmmuFound, type SmmuUnit, together, unitName } from '../unit.js';
import { mapId, mapSingles } from './id-map.js';
import { type Iort, isSmmu, type NamedComponent, type RootComplex, type SmmuNode } from './nodes.js';
import { IortReserved } from './reserved-memory.js';

/** An SMMU of the table. */
interface IortUnit extends SmmuUnit {
  readonly node: SmmuNode;
}

/**
 * The units in the order in which Linux registers them: the driver for version 2 is the first to start, and each takes
 * its devices in table order. Their platform devices count on in table order, performance counters included.
 *
 * @see Linux v7.0 drivers/acpi/arm64/iort.c iort_init_platform_devices()
 */
const unitsOf = (iort: Iort, platform: Platform): IortUnit[] => {
  const units: IortUnit[] = [];
  let number = 0;
  for (const node of iort.nodes) {
    if (node.kind === 'pmcg') number++;
    if (!isSmmu(node)) continue;
    const version = node.kind === 'smmu-v3' ? 'v3' : 'v2';
    units.push({
      name: unitName(version, node.baseAddress),
      parent: `platform/arm-smmu${version === 'v3' ? '-v3' : ''}.${number++}.auto`,
      version,
      base: node.baseAddress,
      registers: platform.units.find(({ address }) => address === node.baseAddress),
      legacy: false,
      node,
    });
  }
  return [...units.filter(({ version }) => version === 'v2'), ...units.filter(({ version }) => version === 'v3')];
};

/** What ACPI says of SMMUs. */
export class IortFirmware implements SmmuFirmware {
  readonly units: readonly IortUnit[];
  readonly busFeatures: readonly string[];
  readonly #iort: Iort;
  readonly #byNode: ReadonlyMap<SmmuNode, IortUnit>;
  /** One root complex stands for a segment: the first that names it. */
  readonly #bySegment = new Map<number, RootComplex>();
  readonly #byName = new Map<string, NamedComponent>();
  readonly #reserved: IortReserved;

  constructor(iort: Iort, platform: Platform) {
    this.#iort = iort;
    this.units = unitsOf(iort, platform);
    this.#byNode = new Map(this.units.map((unit) => [unit.node, unit]));
    for (const node of iort.nodes) {
      if (node.kind === 'root-complex' && !this.#bySegment.has(node.segment)) this.#bySegment.set(node.segment, node);
      if (node.kind === 'named-component' && !this.#byName.has(node.deviceName))
        this.#byName.set(node.deviceName, node);
    }
    this.busFeatures = this.#someRootComplexIsTranslated() ? ['pci-acs'] : [];
    this.#reserved = new IortReserved(iort, platform);
  }

  /** @see Linux v7.0 drivers/acpi/arm64/iort.c iort_enable_acs() */
  #someRootComplexIsTranslated(): boolean {
    return this.#iort.nodes.some(
      ({ kind, mappings }) =>
        kind === 'root-complex' && mappings.some(({ outputReference }) => isSmmu(this.#iort.nodeAt(outputReference))),
    );
  }

  /** @see Linux v7.0 drivers/acpi/arm64/iort.c iort_iommu_configure_id() */
  unitOf(device: Device): SmmuFound | UnitNone | undefined {
    return isPciDevice(device) ? this.#unitOfFunction(device) : this.#unitOfComponent(device);
  }

  #unitOfFunction(device: PciDevice): SmmuFound | UnitNone {
    const root = this.#bySegment.get(device.segment);
    if (!root) {
      return none(
        'not-in-iort',
        `The IORT has no root complex for segment ${device.segment}.`,
        'iort_iommu_configure_id()',
        [device],
      );
    }
    const streams: { unit: SmmuUnit; id: number }[] = [];
    const missing = forEachDmaAlias(device, (_, rid) => {
      const mapped = mapId(this.#iort, root, rid, isSmmu);
      const unit = mapped && this.#byNode.get(mapped.node);
      if (!mapped || !unit) return rid;
      streams.push({ unit, id: mapped.id });
      return undefined;
    });
    if (missing === undefined) return together(device, streams);
    return none(
      'id-not-mapped',
      `The IORT takes requester id 0x${missing.toString(16)} of ${device.name} to no SMMU.`,
      'iort_pci_iommu_init()',
      [device],
    );
  }

  #unitOfComponent(device: Device): SmmuFound | UnitNone | undefined {
    const node = this.#byName.get(device.firmwareNode ?? '');
    if (!node) return undefined;
    const streams = mapSingles(this.#iort, node, isSmmu).flatMap(({ node: smmu, id }) => {
      const unit = this.#byNode.get(smmu);
      return unit ? [{ unit, id }] : [];
    });
    return together(device, streams);
  }

  isIdentityClient(): boolean {
    return false;
  }

  regionsOf(device: Device, found: SmmuFound): readonly ReservedRegion[] {
    const unit = this.units.find((one) => one === found.unit);
    return unit ? this.#reserved.regionsOf(device, unit.node, found.ids, this.#nodeOf(device)) : [];
  }

  #nodeOf(device: Device): RootComplex | NamedComponent | undefined {
    return isPciDevice(device) ? this.#bySegment.get(device.segment) : this.#byName.get(device.firmwareNode ?? '');
  }
}
