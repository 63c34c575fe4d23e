import type { DeviceTree, DeviceTreeNode } from './device-tree.js';
import { firstCell, isAvailable, platformName } from './node-properties.js';

/** Where a PCI root bus is: its segment, and the device below `/sys/devices` that it belongs to. */
export interface RootBusPlace {
  /** As Linux numbers PCI domains; counts only where no host bridge is found by `parentPath`. */
  readonly segment: number;
  /** `platform/4010000000.pcie`; `undefined` where it is not known. */
  readonly parentPath: string | undefined;
}

/** A node of a PCI host bridge, by what its segment and its platform device are called. */
interface Host {
  readonly node: DeviceTreeNode;
  readonly segment: number;
  readonly platformName: string;
}

/** A bridge that is itself a PCI function has a node of the same kind, below its host's. */
const isHost = (node: DeviceTreeNode): boolean =>
  node.property('device_type')?.text === 'pci' && node.parent?.property('device_type')?.text !== 'pci';

/**
 * The PCI host bridges of a tree. Where no node states its segment, they count up in the tree's order.
 *
 * @see Linux v7.0 drivers/pci/pci.c of_pci_bus_find_domain_nr()
 */
export class HostBridges {
  /** Those that are not switched off, in the tree's order. */
  readonly nodes: readonly DeviceTreeNode[];
  readonly #hosts: readonly Host[];

  constructor(tree: DeviceTree) {
    this.nodes = [...tree.nodes()].filter((node) => isHost(node) && isAvailable(node));
    this.#hosts = this.nodes.map((node, at) => ({
      node,
      segment: firstCell(node, 'linux,pci-domain') ?? at,
      platformName: platformName(node),
    }));
  }

  /** The host bridge of a root bus: that of the device which the bus belongs to, else that of its segment. */
  of({ parentPath, segment }: RootBusPlace): DeviceTreeNode | undefined {
    const name = parentPath?.split('/').at(-1);
    const host =
      this.#hosts.find(({ platformName: own }) => own === name) ?? this.#hosts.find((one) => one.segment === segment);
    return host?.node;
  }
}
