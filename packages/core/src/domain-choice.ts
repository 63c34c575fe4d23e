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
