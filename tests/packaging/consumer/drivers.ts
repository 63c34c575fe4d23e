import type { IommuDriver } from '@iommu/core';
import { amdVi } from '@iommu/driver-amd-vi';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { smmu } from '@iommu/driver-smmu';

/** Every driver of the project. */
export const drivers = (): IommuDriver[] => [intelVtd(), amdVi(), smmu()];
