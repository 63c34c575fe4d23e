import type { Platform } from '@iommu/core';
import {
  type DeviceTree,
  type DeviceTreeNode,
  firstRange,
  isAvailable,
  isCompatible,
  platformPath,
} from '@iommu/firmware';
import { type SmmuUnit, unitName } from '../unit.js';

/** An SMMU of the tree. */
export interface DeviceTreeUnit extends SmmuUnit {
  readonly node: DeviceTreeNode;
}

/** @see Linux v7.0 drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_of_match */
const V3 = new Set(['arm,smmu-v3']);
/** @see Linux v7.0 drivers/iommu/arm/arm-smmu/arm-smmu.c arm_smmu_of_match */
const V2 = new Set([
  'arm,smmu-v1',
  'arm,smmu-v2',
  'arm,mmu-400',
  'arm,mmu-401',
  'arm,mmu-500',
  'cavium,smmu-v2',
  'nvidia,smmu-500',
  'qcom,smmu-v2',
]);

/**
 * The units of a tree in the order in which Linux registers them: the driver for version 2 is the first to start, and
 * each takes its devices in the tree's order. Of the two bindings for version 2 only that of the first unit is used.
 *
 * @see Linux v7.0 drivers/iommu/arm/arm-smmu/arm-smmu.c arm_smmu_device_dt_probe()
 */
export const deviceTreeUnits = (tree: DeviceTree, platform: Platform): DeviceTreeUnit[] => {
  const units: DeviceTreeUnit[] = [];
  for (const node of tree.nodes()) {
    const version = isCompatible(node, V3) ? 'v3' : isCompatible(node, V2) ? 'v2' : undefined;
    if (!version || !isAvailable(node)) continue;
    const base = firstRange(node)?.start;
    if (base === undefined) {
      report(platform, node, 'smmu-without-registers', 'has no register address');
      continue;
    }
    units.push({
      name: unitName(version, base),
      parent: platformPath(node),
      version,
      base,
      registers: platform.units.find(({ address }) => address === base),
      legacy: version === 'v2' && node.property('mmu-masters') !== undefined,
      node,
    });
  }
  const second = units.filter(({ version }) => version === 'v2');
  const mismatch = new Set(second.filter(({ legacy }) => legacy !== second[0]?.legacy));
  for (const { node } of mismatch) {
    report(platform, node, 'smmu-mixed-bindings', 'follows another binding than the SMMU before it, and is left alone');
  }
  return [...second.filter((unit) => !mismatch.has(unit)), ...units.filter(({ version }) => version === 'v3')];
};

const report = (platform: Platform, node: DeviceTreeNode, code: string, what: string): void => {
  platform.report({ severity: 'firmware-bug', code, message: `${node.path} ${what}` });
};
