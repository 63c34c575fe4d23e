import type { IommuDriver } from '@iommu/core';
import { amdVi } from '@iommu/driver-amd-vi';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { smmu } from '@iommu/driver-smmu';

/** The drivers that come with the command, in the order in which they are asked. */
export const bundledDrivers = (): IommuDriver[] => [intelVtd(), amdVi(), smmu()];
