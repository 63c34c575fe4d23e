import type { Kernel } from '@iommu/core';
import { type AmdUnit, commonFeatures } from './units.js';

const hex = (value: number | bigint | undefined): string | undefined => value?.toString(16);

/** `a:b`, or nothing when one of the two is not known. */
const pair = (one: bigint | undefined, other: bigint | undefined): string | undefined =>
  one === undefined || other === undefined ? undefined : `${hex(one)}:${hex(other)}`;

/** Newer releases print the features that all units have, older ones each unit's own. */
const featuresOf = (unit: AmdUnit, units: readonly AmdUnit[], kernel: Kernel): string | undefined => {
  switch (kernel.rule('amd-features')) {
    case 'one-register':
      return hex(unit.efr);
    case 'efr2-first':
      return pair(unit.efr2, unit.efr);
    default:
      return pair(commonFeatures(units, 'efr'), commonFeatures(units, 'efr2'));
  }
};

/**
 * `1f03000f`, `29d3:0`: the files of a unit's `amd-iommu` folder, as far as the input tells.
 *
 * @see Linux v7.0 drivers/iommu/amd/init.c amd_iommu_show_cap(), amd_iommu_show_features()
 */
export const unitFiles = (unit: AmdUnit, units: readonly AmdUnit[], kernel: Kernel): Record<string, string> => {
  const cap = hex(unit.capability);
  const features = featuresOf(unit, units, kernel);
  return {
    ...(cap !== undefined && { 'amd-iommu/cap': cap }),
    ...(features !== undefined && { 'amd-iommu/features': features }),
  };
};
