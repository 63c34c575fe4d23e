import type { Device } from './device.js';
import type { DomainDemand } from './domain-choice.js';
import type { Group } from './group.js';
import type { Reason } from './reason.js';

/** A group whose domain cannot be had: its device has no IOMMU. */
export const noDomain = (group: Group, demand: DomainDemand): Reason => ({
  rule: 'no-default-domain',
  text:
    demand === 'conflict'
      ? 'An untrusted device cannot have the identity domain that a driver insists on.'
      : `${demand ? `${demand} is forced, and no such` : 'No default'} domain can be had.`,
  source: 'iommu_setup_default_domain()',
  devices: group.devices.slice(),
});

export const joinedByHand = (device: Device): Reason => ({
  rule: 'joined-by-hand',
  text: `${device.name} was put into its group by hand; no IOMMU translates it.`,
  source: 'iommu_group_add_device()',
  devices: [device],
});

export const waiting = (device: Device, driver: string): Reason => ({
  rule: 'waits-for-driver',
  text: `No kernel driver was probed for ${device.name}, which is when ${driver} groups it on this kernel.`,
  source: 'really_probe()',
  devices: [device],
});

export const unclaimed = (device: Device): Reason => ({
  rule: 'no-iommu',
  text: `No IOMMU driver knows ${device.name}.`,
  source: 'iommu_probe_device()',
  devices: [device],
});
