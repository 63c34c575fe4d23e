import { IommuError } from '@iommu/core';
import { parseAcsOverride } from '@iommu/pci';
import type { RuleOverrides } from './kernel.js';
import type { Proof } from './kernel-rules.js';

/** A set of rules by name, to be used in place of those of the machine's own kernel. */
export interface Policy {
  /** What `BootOptions.policy` takes: `grouping-3.6`. `acs-override=WORDS` stands for many: put words in place of `WORDS`. */
  readonly name: string;
  /** For people: what it does to groups. */
  readonly effect: string;
  /** Where the rules were taken from: kernel file and commit, patch series, bug report. */
  readonly source: string;
  /** Of the effect: `stated` for what never landed. */
  readonly proof: Proof;
  /** By name; every other rule stays that of the machine's own kernel. */
  readonly rules: RuleOverrides;
}

/** What the name of a policy with words of the user's begins with. */
const ACS_OVERRIDE = 'acs-override=';

/** Every policy that goes by a name alone; `kernel` is what counts when none is asked for. */
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
  {
    name: 'reachability-2025',
    effect:
      'A rule that was proposed and did not land: the first bus on which devices can reach each other makes one group of all below; what has no ACS capability is not suspected.',
    source: '"Fix incorrect iommu_groups with PCIe ACS", version 3, 2025-09-05, linux-iommu list',
    proof: 'stated',
    rules: { 'pci-group': 'reachability-2025' },
  },
  {
    name: 'acs-after-grouping',
    effect:
      'ACS is switched on after groups have formed, so groups rest on what firmware left of it and come out too wide: a backport of early 2026 into releases before 6.15, later reverted.',
    source: 'kernel.org bugzilla 221234; the revert in the stable trees, April 2026',
    proof: 'stated',
    rules: { 'acs-enabling': 'after-grouping' },
  },
  {
    name: `${ACS_OVERRIDE}WORDS`,
    effect:
      'The out-of-tree patch pcie_acs_override with these words (downstream, multifunction, id:vvvv:dddd, parted by commas): split on paper, isolation not proven.',
    source: 'a patch carried by some distributions and never merged (A. Williamson, 2013)',
    proof: 'stated',
    rules: {},
  },
];

const acsOverride = (template: Policy, name: string): Policy => {
  const words = name.slice(ACS_OVERRIDE.length);
  const { unknown } = parseAcsOverride(words);
  if (words === '' || unknown.length > 0) {
    const what = unknown.length > 0 ? `'${unknown.join(',')}' in it` : 'nothing after it';
    throw new IommuError(
      'ERR_POLICY',
      `policy '${name}' has ${what}; expected downstream, multifunction or id:vvvv:dddd, parted by commas`,
    );
  }
  return { ...template, name, rules: { 'acs-override': words } };
};

/**
 * The policy that a name, as of `BootOptions.policy`, stands for.
 *
 * @param name - Of one of {@link POLICIES}; `acs-override=` with words of one's own.
 * @throws IommuError `ERR_POLICY` when there is none of this name.
 */
export const policyNamed = (name: string): Policy => {
  const override = POLICIES.find((one) => one.name.startsWith(ACS_OVERRIDE));
  if (override && name.startsWith(ACS_OVERRIDE)) return acsOverride(override, name);
  const policy = POLICIES.find((one) => one.name === name);
  if (policy) return policy;
  throw new IommuError('ERR_POLICY', `no policy '${name}'; there are ${POLICIES.map((one) => one.name).join(', ')}`);
};
