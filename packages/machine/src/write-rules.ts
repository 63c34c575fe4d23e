import type { KernelRule } from './kernel-rules.js';

/** Rows of the table that only say what becomes of later writes and claims. */
export const WRITE_RULES: readonly KernelRule[] = [
  {
    rule: 'domain-type-write',
    touches: 'writes',
    value: 'none',
    until: '5.11',
    proof: 'stated',
    effect: 'The type of a group cannot be written.',
    source: 'IOMMU updates for 5.11, pull request; Documentation/ABI/testing/sysfs-kernel-iommu_groups',
  },
  {
    rule: 'domain-type-write',
    touches: 'writes',
    value: 'single-device',
    from: '5.11',
    until: '6.5',
    proof: 'recorded',
    effect: 'Only a group of one device without a driver takes a new type; a bound device gives EBUSY.',
    source: 'recordings hotplug-type-writes-intel (6.1) and -k7.3',
    unresolved: ['6.1', '7.3'],
  },
  {
    rule: 'driver-bind',
    touches: 'writes',
    value: 'ENODEV',
    until: '5.14',
    proof: 'stated',
    effect:
      'A write to bind that fails gives ENODEV, whatever the reason; later ones EBUSY for a bound device, and what the probe answers.',
    source: 'commits 204db60c8357 and ef6dcbdd8eb2; recordings kernel-drivers of 6.1 and 7.3 for what came after',
  },
  {
    rule: 'pci-autoprobe',
    touches: 'writes',
    value: 'always',
    until: '6.19',
    proof: 'recorded',
    effect: 'Drivers are probed for a PCI device that comes even where drivers_autoprobe is off.',
    source: 'commit ea34511aaf75, merged for 6.19; recordings kernel-drivers of 6.1 and 7.3',
    unresolved: ['6.1', '7.3'],
  },
  {
    rule: 'vfio-viability',
    touches: 'writes',
    value: 'allowed-drivers',
    until: '4.4',
    proof: 'source',
    effect:
      'VFIO takes a group when each member has no driver, pci-stub or one of its own; bridges count like the rest, and a refusal is EINVAL.',
    source: 'Linux cba3345c, drivers/vfio/vfio.c vfio_dev_viable(); when bridges were excepted is not verified',
  },
  {
    rule: 'vfio-viability',
    touches: 'writes',
    value: 'allowed-drivers-and-bridges',
    from: '4.4',
    until: '5.19',
    proof: 'unverified',
    effect: 'As before, and bridges may have any driver. Since 5.19 who uses the DMA of a group is counted.',
    source: 'DMA ownership: IOMMU updates for 5.19, pull request',
  },
];
