import type { Device, Platform, ReservedRegion, UnitNone } from '@iommu/core';
import {
  type DeviceTree,
  type DeviceTreeNode,
  deviceTreeRegions,
  firstCell,
  firstRange,
  HostBridges,
  isAvailable,
  isCompatible,
  mapRequesterId,
  platformName,
  platformPath,
  references,
} from '@iommu/firmware';
import { forEachDmaAlias, isPciDevice, type PciBus, type PciDevice } from '@iommu/pci';
import { mayBeVirtioIommu } from '../functions.js';
import { itsPage, msiFramePage } from '../interrupt-pages.js';
import { type Carrier, type Endpoint, none, type VirtioFirmware } from '../unit.js';

/** @see Linux v7.0 Documentation/devicetree/bindings/virtio/ */
const ON_PCI = new Set(['virtio,pci-iommu', 'pci1af4,1057']);
const IN_MEMORY = new Set(['virtio,mmio']);
const ITS = new Set(['arm,gic-v3-its']);
const MSI_FRAME = new Set(['arm,gic-v2m-frame']);

/** `iommu-addresses` is read from here on. Unverified. */
const RESERVED_SINCE = '6.3';

/** What a device tree says of virtio-iommus. */
export class DeviceTreeFirmware implements VirtioFirmware {
  readonly busFeatures: readonly string[];
  readonly #tree: DeviceTree;
  readonly #platform: Platform;
  readonly #hosts: HostBridges;
  readonly #hostOf = new Map<PciBus, DeviceTreeNode | undefined>();
  readonly #functions: readonly PciDevice[];
  readonly #carriers = new Map<DeviceTreeNode, Carrier>();
  readonly #byPlatformName = new Map<string, DeviceTreeNode>();

  constructor(tree: DeviceTree, platform: Platform) {
    this.#tree = tree;
    this.#platform = platform;
    this.#hosts = new HostBridges(tree);
    this.#functions = platform.devices.filter(isPciDevice);
    for (const node of tree.nodes()) {
      if (node.property('iommus')) this.#byPlatformName.set(platformName(node), node);
      if (node.property('#iommu-cells') && isAvailable(node)) this.#addCarrier(node);
    }
    // Asked for while the first function is configured: most were found before.
    this.busFeatures = this.#hosts.nodes.some((node) => node.property('iommu-map')) ? ['pci-acs-late'] : [];
  }

  get carriers(): readonly Carrier[] {
    return [...this.#carriers.values()];
  }

  #addCarrier(node: DeviceTreeNode): void {
    if (isCompatible(node, IN_MEMORY)) {
      this.#carriers.set(node, { name: platformName(node), path: platformPath(node) });
    } else if (isCompatible(node, ON_PCI)) {
      const carrier = this.#functionOf(node);
      if (carrier && mayBeVirtioIommu(carrier)) this.#carriers.set(node, carrier);
      else {
        const message = `${node.path} is no function that is there, and is left out`;
        this.#platform.report({ severity: 'firmware-bug', code: 'virtio-iommu-missing', message });
      }
    }
  }

  /** The function that a node below a bridge stands for. @see Linux v7.0 drivers/pci/of.c of_pci_find_child_device() */
  #functionOf(node: DeviceTreeNode): PciDevice | undefined {
    const place = firstCell(node, 'reg');
    const above = node.parent;
    if (place === undefined || !above) return undefined;
    const devfn = (place >>> 8) & 0xff;
    const isHost = this.#hosts.nodes.includes(above);
    const bridge = isHost ? undefined : this.#functionOf(above);
    if (!isHost && !bridge) return undefined;
    return this.#functions.find(
      ({ devfn: own, pciBus }) =>
        own === devfn && (isHost ? !pciBus.parent && this.#hostAbove(pciBus) === above : pciBus.self === bridge),
    );
  }

  #hostAbove(bus: PciBus): DeviceTreeNode | undefined {
    let root = bus;
    while (root.parent) root = root.parent;
    if (!this.#hostOf.has(root)) this.#hostOf.set(root, this.#hosts.of(root));
    return this.#hostOf.get(root);
  }

  /** @see Linux v7.0 drivers/iommu/of_iommu.c of_iommu_configure() */
  endpointOf(device: Device): Endpoint | UnitNone | undefined {
    return isPciDevice(device) ? this.#endpointOfFunction(device) : this.#endpointOfNode(device);
  }

  /** @see Linux v7.0 drivers/iommu/of_iommu.c of_pci_iommu_init() */
  #endpointOfFunction(device: PciDevice): Endpoint | UnitNone | undefined {
    const host = this.#hostAbove(device.pciBus);
    if (!host) return undefined;
    const ids: number[] = [];
    let carrier: Carrier | undefined;
    const failure = forEachDmaAlias(device, (_, rid) => {
      const mapped = mapRequesterId(this.#tree, host, rid);
      if ('failure' in mapped) return { rid, why: mapped.failure };
      const found = this.#carriers.get(mapped.target);
      if (!found) return { rid, why: 'other-iommu' as const };
      ids.push(mapped.id);
      // Of several IOMMUs Linux looks at the first only.
      carrier ??= found;
      return undefined;
    });
    if (!failure && carrier) return { carrier, ids };
    if (!failure || failure.why === 'no-property' || failure.why === 'other-iommu') return undefined;
    const text =
      failure.why === 'invalid'
        ? `The iommu-map of ${host.path} contradicts itself, so ${device.name} has no IOMMU.`
        : `The iommu-map of ${host.path} takes requester id 0x${failure.rid.toString(16)} of ${device.name} to no IOMMU.`;
    return none(device, failure.why === 'invalid' ? 'iommu-map-invalid' : 'id-not-mapped', text, 'of_map_id()');
  }

  #endpointOfNode(device: Device): Endpoint | UnitNone | undefined {
    const node = this.#nodeOf(device);
    const property = node?.property('iommus')?.cells;
    if (!property) return undefined;
    const entries = references(this.#tree, property, '#iommu-cells').map(({ node: target, cells }) => ({
      carrier: target && this.#carriers.get(target),
      id: cells[0] ?? 0,
    }));
    const carrier = entries[0]?.carrier;
    if (!carrier) return undefined;
    if (entries.every((entry) => entry.carrier)) return { carrier, ids: entries.map(({ id }) => id) };
    const text = `An entry of iommus of ${device.name} leads to no virtio-iommu.`;
    return none(device, 'iommus-invalid', text, 'of_iommu_xlate()');
  }

  #nodeOf(device: Device): DeviceTreeNode | undefined {
    if (device.firmwareNode?.startsWith('/')) return this.#tree.find(device.firmwareNode);
    return this.#byPlatformName.get(device.name);
  }

  regionsOf(device: Device): readonly ReservedRegion[] {
    const node = this.#nodeOf(device);
    return node && this.#platform.kernel.has(RESERVED_SINCE) ? deviceTreeRegions(this.#tree, node) : [];
  }

  get interruptPage(): ReservedRegion | undefined {
    const baseOf = (names: ReadonlySet<string>): bigint | undefined => {
      const node = [...this.#tree.nodes()].find((one) => isCompatible(one, names) && isAvailable(one));
      return node && firstRange(node)?.start;
    };
    const its = baseOf(ITS);
    if (its !== undefined) return itsPage(its);
    const frame = baseOf(MSI_FRAME);
    return frame === undefined ? undefined : msiFramePage(frame);
  }
}
