/** What drives the IOMMUs that a firmware table describes: for messages only, nothing here loads a driver. */
export interface DriverPackage {
  readonly package: string;
  /** The name that the driver goes by. */
  readonly driver: string;
  readonly hardware: string;
}

export const DRIVER_PACKAGES: Readonly<Record<string, DriverPackage>> = {
  DMAR: { package: '@iommu/driver-intel-vtd', driver: 'intel-vtd', hardware: 'Intel VT-d' },
  IVRS: { package: '@iommu/driver-amd-vi', driver: 'amd-vi', hardware: 'AMD-Vi' },
  IORT: { package: '@iommu/driver-smmu', driver: 'smmu', hardware: 'Arm SMMU' },
  VIOT: { package: 'iommu-driver-virtio', driver: 'virtio', hardware: 'virtio-iommu' },
};
