import { refused } from './errors.js';
import type { GroupRecord } from './group-table.js';

/*
 * Who may use a group's DMA: kernel drivers, counted, or one exclusive owner (VFIO, iommufd).
 * Linux v7.0 drivers/iommu/iommu.c, "DMA ownership"
 */

/** @see iommu_device_use_default_domain() */
export const useDefaultDomain = (group: GroupRecord): void => {
  if (group.type === undefined) {
    throw refused('EPROBE_DEFER', `group ${group.id} has no default domain yet`);
  }
  if (group.owner !== undefined) throw refused('EBUSY', `group ${group.id} is claimed by an owner`);
  group.ownerCount++;
};

/** @see iommu_device_unuse_default_domain() */
export const unuseDefaultDomain = (group: GroupRecord): void => {
  if (group.ownerCount > 0) group.ownerCount--;
};

const checkOwner = (owner: unknown): void => {
  if (owner === undefined || owner === null) throw refused('EINVAL', 'an owner must be given');
};

/**
 * @param needsDirect - A member's firmware region must stay mapped one to one, so the blocking domain is refused.
 */
const take = (group: GroupRecord, owner: unknown, needsDirect: boolean): void => {
  if (needsDirect) throw refused('EINVAL', `the firmware requires a direct mapping for a member of group ${group.id}`);
  group.ownerCount = 1;
  group.owner = owner;
};

/** The whole group for one owner. @see iommu_group_claim_dma_owner() */
export const claimGroup = (group: GroupRecord, owner: unknown, needsDirect: boolean): void => {
  checkOwner(owner);
  if (group.ownerCount !== 0) throw refused('EPERM', `group ${group.id} is in use`);
  take(group, owner, needsDirect);
};

/** One device of the group; the same owner may claim the others too. @see iommu_device_claim_dma_owner() */
export const claimDevice = (group: GroupRecord, owner: unknown, needsDirect: boolean): void => {
  checkOwner(owner);
  if (group.ownerCount === 0) take(group, owner, needsDirect);
  else if (group.owner === owner) group.ownerCount++;
  else throw refused('EPERM', `group ${group.id} is in use by another`);
};

/** Nothing, when nobody claimed the group: the drivers that use its DMA still do. @see iommu_group_release_dma_owner() */
export const releaseGroup = (group: GroupRecord): void => {
  if (group.owner === undefined) return;
  group.ownerCount = 0;
  group.owner = undefined;
};

/** The last release of a device gives the group back. @see iommu_device_release_dma_owner() */
export const releaseDevice = (group: GroupRecord): void => {
  if (group.owner !== undefined && --group.ownerCount === 0) group.owner = undefined;
};
