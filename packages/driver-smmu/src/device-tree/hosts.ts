import type { DeviceTree, DeviceTreeNode } from '@iommu/firmware';
import type { PciDevice } from '@iommu/pci';
import { firstCell, isAvailable, platformName } from './nodes.js';

/** A node of a PCI host bridge, by what its segment and place are called. */
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
export const hostsOf = (tree: DeviceTree): Host[] => {
  const nodes = [...tree.nodes()].filter((node) => isHost(node) && isAvailable(node));
  return nodes.map((node, at) => ({
    node,
    segment: firstCell(node, 'linux,pci-domain') ?? at,
    platformName: platformName(node),
  }));
};

/** The host bridge above a function: the one that its path goes through, else that of its segment. */
export const hostOf = (hosts: readonly Host[], device: PciDevice): DeviceTreeNode | undefined => {
  const above = device.path.split('/').find((part) => hosts.some(({ platformName: name }) => name === part));
  const host =
    hosts.find(({ platformName: name }) => name === above) ?? hosts.find(({ segment }) => segment === device.segment);
  return host?.node;
};
