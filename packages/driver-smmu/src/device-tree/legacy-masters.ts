import { type DeviceTree, type DeviceTreeNode, references } from '@iommu/firmware';
import type { DeviceTreeUnit } from './units.js';

/** A master as its SMMU names it. */
export interface LegacyMaster {
  readonly unit: DeviceTreeUnit;
  readonly ids: readonly number[];
}

/**
 * The masters that the SMMUs of the binding of 2013 name: `mmu-masters`, each a node and as many stream ids as the node
 * says. One named twice stays with the first.
 *
 * @see Linux v7.0 drivers/iommu/arm/arm-smmu/arm-smmu.c arm_smmu_register_legacy_master()
 */
export const legacyMasters = (
  tree: DeviceTree,
  units: readonly DeviceTreeUnit[],
): ReadonlyMap<DeviceTreeNode, LegacyMaster> => {
  const masters = new Map<DeviceTreeNode, LegacyMaster>();
  for (const unit of units) {
    const property = unit.legacy ? unit.node.property('mmu-masters')?.cells : undefined;
    for (const { node, cells } of property ? references(tree, property, '#stream-id-cells') : []) {
      if (node && !masters.has(node)) masters.set(node, { unit, ids: cells });
    }
  }
  return masters;
};
