import { FILE_RULES } from './file-rules.js';
import { WRITE_RULES } from './write-rules.js';

/**
 * How it is known that a release behaves so: real kernels were seen to (`recorded`), read in its source (`source`), said by its
 * developers (`stated`), believed and not checked (`unverified`).
 */
export type Proof = 'recorded' | 'source' | 'stated' | 'unverified';

/** One change of behaviour between releases. */
export interface KernelRule {
  /** Asked for by this name: `kernel.rule('unit-registration')`. */
  readonly rule: string;
  /** The answer from `from` on, up to but without `until`; outside, the rule says nothing, which means the newest behaviour. */
  readonly value: string;
  /** Mainline version, inclusive; absent: from the beginning. */
  readonly from?: string;
  /** Mainline version, exclusive; absent: still. */
  readonly until?: string;
  /** Of the behaviour; the release of the change itself may be less sure, see `unresolved`. */
  readonly proof: Proof;
  /** What changes, in one sentence. */
  readonly effect: string;
  /** What it changes of: who shares a group, the numbers, the `type` and `reserved_regions` files; or only later writes and claims, and other files. */
  readonly touches: 'partition' | 'ids' | 'type' | 'regions' | 'writes' | 'files';
  /** Where the proof is. */
  readonly source: string;
  /**
   * The change happened somewhere between these two, the first still old and the second already new: releases in
   * between are answered by `from` and `until`, and say that they are not sure.
   */
  readonly unresolved?: readonly [old: string, new_: string];
  /** It concerns only machines of which some driver asks for the rule: what is not sure about it is said only then. */
  readonly onlyIfAsked?: boolean;
}

/**
 * The one table of what changed at which release. Everything else asks by the name of the rule; nothing else compares
 * versions. Quirk rows carry their release beside their ids, in `@iommu/pci`, and ask through `kernel.has()`.
 */
export const KERNEL_RULES: readonly KernelRule[] = [
  {
    rule: 'pci-group',
    touches: 'partition',
    value: 'v3.6',
    until: '3.17',
    proof: 'source',
    effect: 'One device stands for all that share a requester id, and function 0 for functions that do not isolate.',
    source: 'Linux 783f157b, drivers/iommu/intel-iommu.c intel_iommu_add_device()',
  },
  {
    rule: 'pci-group',
    touches: 'partition',
    value: 'v3.17',
    from: '3.17',
    until: '3.18',
    proof: 'source',
    effect: 'One alias quirk on a bus puts the whole bus into one group.',
    source: 'Linux 104a1c13, drivers/iommu/iommu.c iommu_group_get_for_pci_dev()',
  },
  {
    rule: 'unit-registration',
    touches: 'ids',
    value: 'all-at-once',
    until: '6.1',
    proof: 'unverified',
    effect: 'Ids follow the order of devices alone, not unit by unit.',
    source: 'per-unit registration, merged for 6.1; recorded on 6.1 and later only',
  },
  {
    rule: 'groups-by-firmware',
    onlyIfAsked: true,
    touches: 'partition',
    value: 'driver-probe',
    until: '6.15',
    proof: 'recorded',
    effect:
      'Where the device tree, IORT or VIOT says who is behind which IOMMU, a device gets its group when a kernel driver is probed for it.',
    source: 'recordings smmuv3-dt-unbound (6.1), smmuv3-003-k6.12, virtio-unbound-k6.12 and smmuv3-dt-unbound-k7.3',
    unresolved: ['6.12', '7.3'],
  },
  {
    rule: 'late-acs',
    onlyIfAsked: true,
    touches: 'partition',
    value: 'after-boot',
    until: '6.15',
    proof: 'recorded',
    effect:
      'With a device tree ACS is asked for at the first probe of a driver: functions found at boot keep it as it was.',
    source: 'recordings kernel-6.1-to-7.3-smmuv3-dt, smmuv3-003-k6.12 and -k7.3',
    unresolved: ['6.12', '7.3'],
  },
  {
    rule: 'late-acs',
    onlyIfAsked: true,
    touches: 'partition',
    value: 'after-first',
    from: '6.15',
    until: '7.0',
    proof: 'unverified',
    effect:
      'With a device tree ACS is asked for when the first function is registered, which itself keeps it as it was.',
    source: 'description of the change for 7.0, which ended it; the releases between were not recorded',
  },
  {
    rule: 'domain-type-fq',
    touches: 'type',
    value: 'no',
    until: '5.15',
    proof: 'stated',
    effect: 'A lazily flushed domain shows as DMA: the word DMA-FQ does not exist yet.',
    source: 'IOMMU updates for 5.15, pull request',
  },
  {
    rule: 'relaxable-regions',
    touches: 'regions',
    value: 'direct',
    until: '5.3',
    proof: 'stated',
    effect:
      'Reserved regions of display and USB functions show as direct: the word direct-relaxable does not exist yet.',
    source: 'Documentation/ABI/testing/sysfs-kernel-iommu_groups',
  },
  {
    rule: 'vtd-graphics-off',
    touches: 'partition',
    value: 'grouped',
    until: '5.10',
    proof: 'unverified',
    effect: 'Graphics whose unit is left alone (intel_iommu=igfx_off, quirks) are in a group all the same.',
    source: 'a log of 5.9 with igfx_off posted with a bug report; the release that changed it was not found',
  },
  {
    rule: 'vtd-domains-used',
    touches: 'files',
    value: 'bitmap-and-identity',
    until: '6.12',
    proof: 'recorded',
    effect: 'domains_used counts two ids set aside, and one for identity.',
    source: 'recordings of 6.1 against 6.12',
    unresolved: ['6.1', '6.12'],
  },
  {
    rule: 'vtd-domains-used',
    touches: 'files',
    value: 'bitmap',
    from: '6.12',
    until: '7.0',
    proof: 'recorded',
    effect: 'domains_used counts two ids set aside.',
    source: 'recordings of 6.12 against 7.3',
    unresolved: ['6.12', '7.3'],
  },
  {
    rule: 'vtd-without-pass-through',
    touches: 'type',
    value: 'DMA',
    from: '6.12',
    proof: 'unverified',
    effect: 'A unit that cannot pass requests through forces translated domains.',
    source: 'device_def_domain_type() of 7.0; the release that brought it was not found',
  },
  {
    rule: 'amd-segments',
    touches: 'partition',
    value: 'one-table',
    until: '6.0',
    proof: 'unverified',
    effect: 'AMD-Vi does not tell PCI segments apart: what the table says of an id counts in all of them.',
    source: 'patches for several PCI segments of 2022; the release that brought them was not found',
  },
  {
    rule: 'amd-ranges',
    touches: 'partition',
    value: 'own-alias',
    from: '6.14',
    until: '6.17',
    proof: 'stated',
    effect:
      'A range of ids in the IVRS also takes the id last named as an alias, usually 00:00.0; 6.16.9 no longer does.',
    source: 'commits 7bea695ada0 and a0c17ed907ac; logs of 6.13 to 6.17 posted with bug reports',
  },
  {
    rule: 'amd-acpi-hid',
    touches: 'partition',
    value: 'hid-and-uid',
    until: '6.16',
    proof: 'stated',
    effect: 'A device of ACPI is found in the IVRS only by both its hardware id and its unique id.',
    source: 'IOMMU updates for 6.16, pull request',
  },
  {
    rule: 'amd-hypertransport',
    touches: 'regions',
    value: 'reserved',
    until: '6.16',
    proof: 'stated',
    effect: 'Addresses of HyperTransport are reserved even where the units say that they need not be.',
    source: 'IOMMU updates for 6.16, pull request',
  },
  {
    rule: 'amd-identity',
    touches: 'type',
    value: 'ats-pri-pasid',
    until: '6.7',
    proof: 'unverified',
    effect: 'AMD-Vi leaves only functions with ATS, PRI and PASID untranslated; later ones with PASID.',
    source: 'pci_iommuv2_capable() against pdev_get_caps(); the release that changed it was not found',
  },
  {
    rule: 'amd-features',
    touches: 'files',
    value: 'one-register',
    until: '6.0',
    proof: 'stated',
    effect: 'The file features of a unit holds one register.',
    source: 'Documentation/ABI/testing/sysfs-class-iommu-amd-iommu; patch that added the second',
  },
  {
    rule: 'amd-features',
    touches: 'files',
    value: 'efr2-first',
    from: '6.0',
    until: '6.7',
    proof: 'recorded',
    effect: 'The file features of a unit holds its own two registers, the second first.',
    source: 'recordings of 6.1 against 7.3',
    unresolved: ['6.1', '7.3'],
  },
  {
    rule: 'acs-broken-sv',
    touches: 'partition',
    value: 'masked',
    from: '7.0',
    proof: 'source',
    effect: 'Two IDT switches are judged as if they had no Source Validation.',
    source: 'Linux v7.0 drivers/pci/quirks.c pci_disable_broken_acs_cap()',
  },
  {
    rule: 'acs-workaround',
    touches: 'partition',
    value: 'skipped',
    from: '5.9',
    until: '5.10',
    proof: 'stated',
    effect: 'Root ports that isolate by chipset registers instead of ACS are not switched to it.',
    source: 'PCI updates for 5.10, pull request: a regression of 5.9',
  },
  {
    rule: 'acs-workaround',
    touches: 'partition',
    value: 'skipped',
    from: '6.11',
    until: '6.12',
    proof: 'stated',
    effect: 'Root ports that isolate by chipset registers instead of ACS are not switched to it.',
    source: 'PCI updates for 6.12, pull request: a regression of 6.11',
  },
  ...WRITE_RULES,
  ...FILE_RULES,
];
