import type { Device, Platform, ReservedRegion, UnitNone } from '@iommu/core';
import {
  type DeviceTree,
  type DeviceTreeNode,
  deviceTreeRegions,
  firstCell,
  HostBridges,
  mapRequesterId,
  platformName,
  references,
} from '@iommu/firmware';
import { forEachDmaAlias, isPciDevice, type PciBus, type PciDevice } from '@iommu/pci';
import { none, type SmmuFirmware, type SmmuFound, type SmmuUnit, together } from '../unit.js';
import { type LegacyMaster, legacyMasters } from './legacy-masters.js';
import { isIdentityClient } from './qualcomm-clients.js';
import { type DeviceTreeUnit, deviceTreeUnits } from './units.js';

/** `iommu-addresses` is read from here on. Unverified. */
const RESERVED_SINCE = '6.3';

/** What a device tree says of SMMUs. */
export class DeviceTreeFirmware implements SmmuFirmware {
  readonly units: readonly DeviceTreeUnit[];
  readonly busFeatures: readonly string[];
  readonly #tree: DeviceTree;
  readonly #platform: Platform;
  readonly #hosts: HostBridges;
  readonly #hostOf = new Map<PciBus, DeviceTreeNode | undefined>();
  readonly #masters: ReadonlyMap<DeviceTreeNode, LegacyMaster>;
  readonly #byPlatformName = new Map<string, DeviceTreeNode>();

  constructor(tree: DeviceTree, platform: Platform) {
    this.#tree = tree;
    this.#platform = platform;
    this.units = deviceTreeUnits(tree, platform);
    this.#hosts = new HostBridges(tree);
    this.#masters = legacyMasters(tree, this.units);
    for (const node of tree.nodes()) {
      if (node.property('iommus') || this.#masters.has(node)) this.#byPlatformName.set(platformName(node), node);
    }
    // Asked for while the first function is configured: most were found before.
    this.busFeatures = this.#hosts.nodes.some((node) => node.property('iommu-map')) ? ['pci-acs-late'] : [];
  }

  unitOf(device: Device): SmmuFound | UnitNone | undefined {
    return isPciDevice(device) ? this.#unitOfFunction(device) : this.#unitOfNode(device);
  }

  /** @see Linux v7.0 drivers/iommu/of_iommu.c of_iommu_configure(), of_pci_iommu_init() */
  #unitOfFunction(device: PciDevice): SmmuFound | UnitNone {
    const host = this.#hostAbove(device);
    if (!host) return withoutMap(device, `no host bridge of the device tree leads to ${device.name}`);
    const master = this.#masters.get(host);
    if (master) return legacyFunction(device, master.unit);
    const streams: { unit: SmmuUnit; id: number }[] = [];
    const failure = forEachDmaAlias(device, (_, rid) => {
      const mapped = mapRequesterId(this.#tree, host, rid);
      if ('failure' in mapped) return { rid, why: mapped.failure };
      const found = this.#translate(mapped.target, [mapped.id]);
      if (!found) return { rid, why: 'no-unit' as const };
      streams.push(found);
      return undefined;
    });
    if (!failure) return together(device, streams);
    if (failure.why === 'no-property') return withoutMap(device, `${host.path} has no iommu-map`);
    return none(
      failure.why === 'invalid' ? 'iommu-map-invalid' : 'id-not-mapped',
      failure.why === 'invalid'
        ? `The iommu-map of ${host.path} contradicts itself, so ${device.name} has no IOMMU.`
        : `The iommu-map of ${host.path} takes requester id 0x${failure.rid.toString(16)} of ${device.name} to no SMMU.`,
      'of_map_id()',
      [device],
    );
  }

  #hostAbove({ pciBus }: PciDevice): DeviceTreeNode | undefined {
    let root = pciBus;
    while (root.parent) root = root.parent;
    if (!this.#hostOf.has(root)) this.#hostOf.set(root, this.#hosts.of(root));
    return this.#hostOf.get(root);
  }

  #unitOfNode(device: Device): SmmuFound | UnitNone | undefined {
    const node = this.#nodeOf(device);
    const master = node && this.#masters.get(node);
    if (master) return { unit: master.unit, ids: master.ids };
    const property = node?.property('iommus')?.cells;
    if (!property) return undefined;
    const streams: { unit: SmmuUnit; id: number }[] = [];
    for (const { node: target, cells } of references(this.#tree, property, '#iommu-cells')) {
      const found = target && this.#translate(target, cells);
      if (!found) {
        return none(
          'iommus-invalid',
          `An entry of iommus of ${device.name} leads to no SMMU in use.`,
          'of_iommu_xlate()',
          [device],
        );
      }
      streams.push(found);
    }
    return together(device, streams);
  }

  /** A specifier as the drivers take it. @see arm_smmu_of_xlate() */
  #translate(target: DeviceTreeNode, cells: readonly number[]): { unit: SmmuUnit; id: number } | undefined {
    const unit = this.units.find(({ node }) => node === target);
    if (!unit) return undefined;
    const [first = 0, second] = cells;
    if (unit.version === 'v3') return { unit, id: first };
    const mask = second ?? firstCell(target, 'stream-match-mask') ?? 0;
    return { unit, id: (((mask & 0xffff) << 16) | (first & 0xffff)) >>> 0 };
  }

  #nodeOf(device: Device): DeviceTreeNode | undefined {
    if (device.firmwareNode?.startsWith('/')) return this.#tree.find(device.firmwareNode);
    return this.#byPlatformName.get(device.name);
  }

  isIdentityClient(device: Device, unit: SmmuUnit): boolean {
    const node = this.#nodeOf(device);
    const smmu = this.units.find((one) => one === unit)?.node;
    return node !== undefined && smmu !== undefined && isIdentityClient(smmu, node);
  }

  regionsOf(device: Device): readonly ReservedRegion[] {
    const node = this.#nodeOf(device);
    return node && this.#platform.kernel.has(RESERVED_SINCE) ? deviceTreeRegions(this.#tree, node) : [];
  }
}

/** The old binding takes a requester id for the stream id; of several the last counts. @see arm_smmu_register_legacy_master() */
const legacyFunction = (device: PciDevice, unit: SmmuUnit): SmmuFound => {
  let last = device.rid;
  forEachDmaAlias(device, (_, rid) => {
    last = rid;
    return undefined;
  });
  return { unit, ids: [last] };
};

const withoutMap = (device: PciDevice, why: string): UnitNone =>
  none('no-iommu-map', `${device.name} has no IOMMU: ${why}.`, 'of_iommu_configure()', [device]);
