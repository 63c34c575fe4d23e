import type { MachineKernel } from '@iommu/machine';
import { type FileTree, readText } from './file-tree.js';

type KernelConfig = NonNullable<MachineKernel['config']>;

/** Options of a kernel's configuration that decide on groups, their types or their hardware. */
const OPTION = /^(?:# )?CONFIG_(?:IOMMU|INTEL_IOMMU|AMD_IOMMU|ARM_SMMU|VIRTIO_IOMMU|PCI)\w*(?:=| is not set)/;

/** The lines of a configuration that concern IOMMUs and PCI. */
export const iommuOptions = (text: string): string =>
  text
    .split('\n')
    .filter((line) => OPTION.test(line))
    .map((line) => `${line}\n`)
    .join('');

/** What a configuration says of the defaults that the command line can change. */
const parseKernelConfig = (text: string): KernelConfig => {
  const isSet = (name: string): boolean => new RegExp(`^CONFIG_${name}=y$`, 'm').test(text);
  const defaultDomain = isSet('IOMMU_DEFAULT_PASSTHROUGH')
    ? 'passthrough'
    : isSet('IOMMU_DEFAULT_DMA_LAZY')
      ? 'lazy'
      : isSet('IOMMU_DEFAULT_DMA_STRICT')
        ? 'strict'
        : undefined;
  return {
    ...(defaultDomain && { defaultDomain }),
    ...(isSet('INTEL_IOMMU') && { intelIommuDefaultOn: isSet('INTEL_IOMMU_DEFAULT_ON') }),
  };
};

/** Of a snapshot, or of the live system where distributions keep it. */
export const readKernelConfig = (top: FileTree, release: string | undefined): KernelConfig | undefined => {
  const text =
    readText(top, 'config.txt') ?? (release === undefined ? undefined : readText(top, `boot/config-${release}`));
  return text === undefined ? undefined : parseKernelConfig(text);
};
