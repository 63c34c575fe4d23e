import type { DomainType } from './group.js';
import type { BootParameter, Kernel } from './kernel.js';

const TRUE = /^(?:[1yt]|on)/i;
const FALSE = /^(?:[0nf]|of)/i;

/** A kernel command line's yes or no. @see Linux v6.1 lib/kstrtox.c kstrtobool() */
const parseBool = (text: string): boolean | undefined => {
  if (TRUE.test(text)) return true;
  return FALSE.test(text) ? false : undefined;
};

/** Whether, for want of anything else, devices are translated, and whether unmapping waits for the hardware. */
export interface SystemDomain {
  readonly passthrough: boolean;
  readonly strict: boolean;
}

/** What one word of the command line changes. */
const apply = (domain: SystemDomain, { name, value = '' }: BootParameter, arch: string): SystemDomain => {
  if (name === 'iommu.passthrough') return { ...domain, passthrough: parseBool(value) ?? domain.passthrough };
  if (name === 'iommu.strict') return { ...domain, strict: parseBool(value) ?? domain.strict };
  if (name !== 'iommu' || arch !== 'x86') return domain;
  const word = value.split(',').findLast((option) => /^(?:no)?pt/.test(option));
  return word === undefined ? domain : { ...domain, passthrough: word.startsWith('pt') };
};

/**
 * What the configuration and the command line choose for the whole system; the last word on the line wins.
 *
 * @see Linux v6.1 drivers/iommu/iommu.c iommu_set_def_domain_type(), iommu_dma_setup()
 * @see Linux v6.1 arch/x86/kernel/pci-dma.c iommu_setup()
 */
export const systemDomain = ({ defaultDomain, commandLine, arch }: Kernel): SystemDomain => {
  const configured = { passthrough: defaultDomain === 'passthrough', strict: defaultDomain === 'strict' };
  return commandLine.reduce((domain: SystemDomain, word) => apply(domain, word, arch), configured);
};

/** The type that the system gives a group of which no member's driver has an opinion. */
export const systemDomainType = (kernel: Kernel, { passthrough, strict }: SystemDomain): DomainType => {
  if (passthrough) return 'identity';
  return strict || kernel.rule('domain-type-fq') === 'no' ? 'DMA' : 'DMA-FQ';
};
