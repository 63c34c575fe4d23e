import { IommuError } from '@iommu/core';
import type { RuleOverrides } from './kernel.js';
import type { Proof } from './kernel-rules.js';

/** A set of rules by name, to be used in place of those of the machine's own kernel. */
export interface Policy {
  readonly name: string;
  readonly effect: string;
  readonly source: string;
  readonly proof: Proof;
  readonly rules: RuleOverrides;
}

export const POLICIES: readonly Policy[] = [
  {
    name: 'kernel',
    effect: "The rules of the machine's own kernel.",
    source: 'the version table',
    proof: 'recorded',
    rules: {},
  },
  {
    name: 'grouping-3.6',
    effect: 'The grouping rule of Linux 3.6 to 3.16 on everything else of the machine’s own kernel.',
    source: 'Linux 783f157b, drivers/iommu/intel-iommu.c intel_iommu_add_device()',
    proof: 'source',
    rules: { 'pci-group': 'v3.6' },
  },
  {
    name: 'grouping-3.17',
    effect: 'The grouping rule of Linux 3.17: an alias quirk joins its whole bus.',
    source: 'Linux 104a1c13, drivers/iommu/iommu.c iommu_group_get_for_pci_dev()',
    proof: 'source',
    rules: { 'pci-group': 'v3.17' },
  },
  {
    name: 'grouping-3.18',
    effect: 'The grouping rule of Linux 3.18 and everything since.',
    source: 'Linux f096c061 and v7.0, drivers/iommu/iommu.c pci_device_group()',
    proof: 'recorded',
    rules: { 'pci-group': 'v3.18' },
  },
];

/** @throws IommuError `ERR_POLICY` when there is none of this name. */
export const policyNamed = (name: string): Policy => {
  const policy = POLICIES.find((one) => one.name === name);
  if (policy) return policy;
  throw new IommuError('ERR_POLICY', `no policy '${name}'; there are ${POLICIES.map((one) => one.name).join(', ')}`);
};
