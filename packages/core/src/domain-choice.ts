import type { Errno } from './errors.js';
import type { DomainType } from './group.js';

/** What one member of a group asks of the default domain. */
export interface DomainWish {
  readonly untrusted: boolean;
  /** The driver's `defaultDomainType()`. */
  readonly type: 'identity' | 'DMA' | undefined;
}

/** What the members together demand; `conflict`: an untrusted member beside a driver that insists on identity. */
export type DomainDemand = 'identity' | 'DMA' | 'conflict' | undefined;

/**
 * Put the members' demands together: where drivers disagree identity wins, and an untrusted member makes it DMA.
 *
 * @see Linux v7.0 drivers/iommu/iommu.c iommu_get_default_domain_type()
 */
export const domainDemand = (wishes: Iterable<DomainWish>): DomainDemand => {
  let demand: 'identity' | 'DMA' | undefined;
  let untrusted = false;
  for (const wish of wishes) {
    untrusted ||= wish.untrusted;
    if (wish.type !== undefined && demand !== 'identity') demand = wish.type;
  }
  if (!untrusted) return demand;
  return demand === 'identity' ? 'conflict' : 'DMA';
};

/**
 * The domain that can be had, or why none can. What nobody insists on may become DMA.
 *
 * @param insisted - The drivers or the user want this type and no other.
 * @param domainError - Why no domain of a type can be had.
 * @see Linux v7.0 drivers/iommu/iommu.c iommu_group_alloc_default_domain()
 */
export const obtainDomain = (
  type: DomainType,
  insisted: boolean,
  domainError: (type: DomainType) => Errno | undefined,
): { readonly type: DomainType; readonly errno?: Errno } => {
  const errno = domainError(type);
  if (!errno) return { type };
  if (insisted) return { type, errno };
  return type === 'DMA' ? { type, errno: 'EINVAL' } : obtainDomain('DMA', true, domainError);
};
