import type { ReservedRegion } from '@iommu/core';

/**
 * Where the kernel puts the page to which devices write their interrupts, in addresses as devices see them: 1 MiB that
 * is kept free for it.
 *
 * @see Linux v7.0 drivers/iommu/arm/ MSI_IOVA_BASE, MSI_IOVA_LENGTH
 */
export const MSI_WINDOW: ReservedRegion = { start: 0x8000000n, end: 0x80fffffn, type: 'sw-msi' };
