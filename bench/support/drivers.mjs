import { intelVtd } from '@iommu/driver-intel-vtd';

/** For the process that serves a mount. */
export const drivers = () => [intelVtd()];
