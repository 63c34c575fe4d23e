import { bootParameters, type Kernel } from '@iommu/core';

/** What the command line says of AMD-Vi. */
export interface AmdParameters {
  /** `undefined`: not switched off. Else what did it, in words: for a reason. */
  readonly off: 'amd_iommu=off' | 'iommu=off' | undefined;
  /** Used even where a quirk of the machine would leave it off. */
  readonly forced: boolean;
  /** Devices that could do without are translated all the same. */
  readonly forceIsolation: boolean;
  /** No lazy invalidation. */
  readonly strict: boolean;
  /** `mem_encrypt=on`: devices that cannot set the encryption bit themselves need translation. */
  readonly memoryEncrypted: boolean;
}

/**
 * Read `amd_iommu=`, x86's `iommu=off` and `mem_encrypt=on`.
 *
 * @see Linux v6.1 drivers/iommu/amd/init.c parse_amd_iommu_options()
 * @see Linux v6.1 arch/x86/kernel/pci-dma.c iommu_setup()
 * @see Linux v6.1 Documentation/admin-guide/kernel-parameters.txt, amd_iommu=
 */
export const amdParameters = (kernel: Kernel): AmdParameters => {
  const wordsOf = (name: string) => bootParameters(kernel, name).flatMap((value) => value.split(','));
  const words = wordsOf('amd_iommu');
  const says = (start: string): boolean => words.some((word) => word.startsWith(start));
  const whole = wordsOf('iommu').some((word) => word.startsWith('off'));
  return {
    off: whole ? 'iommu=off' : says('off') ? 'amd_iommu=off' : undefined,
    forced: says('force_enable'),
    forceIsolation: says('force_isolation'),
    strict: says('fullflush'),
    memoryEncrypted: bootParameters(kernel, 'mem_encrypt').at(-1) === 'on',
  };
};
