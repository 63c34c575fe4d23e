import type { DeviceTree, DeviceTreeNode } from '@iommu/firmware';
import type { PciBus, PciDevice } from '@iommu/pci';
import { firstCell, isAvailable, platformName } from './nodes.js';

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
 * The host bridges of a tree. Where no node states its segment, they count up in the tree's order.
 *
 * @see Linux v7.0 drivers/pci/pci.c of_pci_bus_find_domain_nr()
 */
export class Hosts {
  readonly nodes: readonly DeviceTreeNode[];
  readonly #hosts: readonly Host[];
  readonly #byRoot = new Map<PciBus, DeviceTreeNode | undefined>();

  constructor(tree: DeviceTree) {
    this.nodes = [...tree.nodes()].filter((node) => isHost(node) && isAvailable(node));
    this.#hosts = this.nodes.map((node, at) => ({
      node,
      segment: firstCell(node, 'linux,pci-domain') ?? at,
      platformName: platformName(node),
    }));
  }

  /** The host bridge above a function: that of the device below which its root bus stands, else that of its segment. */
  above({ pciBus }: PciDevice): DeviceTreeNode | undefined {
    let root = pciBus;
    while (root.parent) root = root.parent;
    if (!this.#byRoot.has(root)) this.#byRoot.set(root, this.#find(root));
    return this.#byRoot.get(root);
  }

  #find({ parentPath, segment }: PciBus): DeviceTreeNode | undefined {
    const name = parentPath?.split('/').at(-1);
    const host =
      this.#hosts.find(({ platformName: own }) => own === name) ?? this.#hosts.find((one) => one.segment === segment);
    return host?.node;
  }
}
