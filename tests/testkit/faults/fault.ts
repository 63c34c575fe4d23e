import type { BoundDriver, IommuDriver, Platform } from '@iommu/core';
import { amdVi } from '@iommu/driver-amd-vi';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { smmu } from '@iommu/driver-smmu';
import type { Theme } from '@iommu/driver-testkit';
import { altered } from '@iommu/driver-testkit';

/** A driver that is right but for one thing. */
export interface Fault {
  /** One line, as in the README of the kit. */
  readonly title: string;
  /** The theme whose cases are there to catch it. */
  readonly theme: Theme;
  readonly driver: IommuDriver;
  /** Of whose machines it is tried. */
  readonly of: 'intel-vtd' | 'amd-vi' | 'smmu';
}

const REAL = { 'intel-vtd': intelVtd, 'amd-vi': amdVi, smmu } as const;

/** A fault planted in a bound driver: some of its members are replaced, what they were is at hand. */
export type Change = (bound: BoundDriver, platform: Platform) => { readonly [Member in keyof BoundDriver]?: unknown };

/** A fault in one of the real drivers, once it is bound. */
export const planted = (theme: Theme, of: Fault['of'], title: string, change: Change): Fault => ({
  title,
  theme,
  of,
  driver: altered(REAL[of](), change as Parameters<typeof altered>[1]),
});

/** A fault in one of the real drivers before it is bound. */
export const plantedBefore = (
  theme: Theme,
  of: Fault['of'],
  title: string,
  change: (driver: IommuDriver) => { readonly [Member in keyof IommuDriver]?: unknown },
): Fault => {
  const driver = REAL[of]();
  return { title, theme, of, driver: { ...driver, ...(change(driver) as Partial<IommuDriver>) } };
};
