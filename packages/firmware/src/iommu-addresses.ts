import type { ReservedRegion } from '@iommu/core';
import type { DeviceTree, DeviceTreeNode, DeviceTreeProperty } from './device-tree.js';
import { addressCells, firstRange, sizeCells } from './node-properties.js';

/** What one node of reserved memory says of a device. */
const regionsIn = (
  tree: DeviceTree,
  memory: DeviceTreeNode,
  addresses: DeviceTreeProperty,
  device: DeviceTreeNode,
): ReservedRegion[] => {
  const [address, size] = [addressCells(device.parent), sizeCells(device.parent)];
  const physical = firstRange(memory);
  const regions: ReservedRegion[] = [];
  for (let at = 0; at < addresses.cellCount; ) {
    const named = tree.byPhandle(addresses.cell(at++));
    // What follows the name of another device is looked at cell by cell, as the kernel does.
    if (named !== device) continue;
    if (at + address + size > addresses.cellCount) break;
    const start = addresses.number(at, address);
    const length = addresses.number(at + address, size);
    at += address + size;
    if (length === 0n) continue;
    const same = physical !== undefined && physical.start === start && physical.size === length;
    regions.push({ start, end: start + length - 1n, type: same ? 'direct' : 'reserved' });
  }
  return regions;
};

/**
 * Addresses that the tree keeps of a device: those of its `memory-region` nodes whose `iommu-addresses` name it. One to
 * one where they are the memory's own, else not to be used at all.
 *
 * @see Linux v7.0 drivers/iommu/of_iommu.c of_iommu_get_resv_regions(), iommu_resv_region_get_type()
 */
export const deviceTreeRegions = (tree: DeviceTree, device: DeviceTreeNode): ReservedRegion[] =>
  (device.property('memory-region')?.cells ?? []).flatMap((phandle) => {
    const memory = tree.byPhandle(phandle);
    const addresses = memory?.property('iommu-addresses');
    return memory && addresses ? regionsIn(tree, memory, addresses, device) : [];
  });
