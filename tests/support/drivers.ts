import type { IommuDriver } from '@iommu/core';
import { amdVi } from '@iommu/driver-amd-vi';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { smmu } from '@iommu/driver-smmu';

/** Every driver package of the project, as the command asks them. */
export const allDrivers = (): IommuDriver[] => [intelVtd(), amdVi(), smmu()];
