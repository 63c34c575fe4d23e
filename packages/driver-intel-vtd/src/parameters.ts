import { bootParameters, type Kernel } from '@iommu/core';

/** What the command line and the configuration say of VT-d. */
export interface VtdParameters {
  readonly enabled: boolean;
  /** What switched it off, where it is off: for a reason. */
  readonly cause: string;
  /** Neither the configuration nor `intel_iommu=` switched it on. */
  readonly offByDefault: boolean;
  /** Units that serve only display controllers are left off. */
  readonly igfxOff: boolean;
  readonly strict: boolean;
  readonly scalableMode: boolean;
  /** Firmware's wish to have DMA controlled is not heeded. */
  readonly optInIgnored: boolean;
}

/**
 * Read `intel_iommu=` and x86's `iommu=off`; of contradicting words the last wins.
 *
 * @see Linux v6.1 drivers/iommu/intel/iommu.c intel_iommu_setup()
 * @see Linux v6.1 Documentation/admin-guide/kernel-parameters.txt, intel_iommu=
 */
export const vtdParameters = (kernel: Kernel): VtdParameters => {
  let enabled = kernel.rule('vtd-default') !== 'off';
  let cause = 'off by the configuration (CONFIG_INTEL_IOMMU_DEFAULT_ON)';
  let igfxOff = false;
  let strict = false;
  let scalableMode = true;
  let optInIgnored = false;
  for (const word of bootParameters(kernel, 'intel_iommu').flatMap((value) => value.split(','))) {
    if (word.startsWith('on')) enabled = true;
    else if (word.startsWith('off')) {
      enabled = false;
      optInIgnored = true;
      cause = 'intel_iommu=off';
    } else if (word.startsWith('igfx_off')) igfxOff = true;
    else if (word.startsWith('sm_on')) scalableMode = true;
    else if (word.startsWith('sm_off')) scalableMode = false;
    else if (word.startsWith('strict')) strict = true;
  }
  const offByDefault = !enabled;
  for (const word of bootParameters(kernel, 'iommu').flatMap((value) => value.split(','))) {
    if (word.startsWith('off')) {
      enabled = false;
      cause = 'iommu=off';
    }
  }
  return { enabled, cause, offByDefault, igfxOff, strict, scalableMode, optInIgnored };
};
