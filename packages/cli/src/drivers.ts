import type { IommuDriver } from '@iommu/core';
import { amdVi } from '@iommu/driver-amd-vi';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { smmu } from '@iommu/driver-smmu';

/** The drivers that come with the command, in the order in which they are asked. */
export const bundledDrivers = (): IommuDriver[] => [intelVtd(), amdVi(), smmu()];

/** Of every command that boots a machine: packages or paths of further drivers. */
export interface DriverFlags {
  readonly driver?: readonly string[];
}

/**
 * URLs of the modules that `--driver` names.
 *
 * @throws IommuError `ERR_DRIVER_MISSING`
 */
export const driverModules = async ({ driver = [] }: DriverFlags): Promise<string[]> => {
  if (driver.length === 0) return [];
  const { resolveDriver } = await import('./resolve-driver.js');
  return driver.map(resolveDriver);
};

/**
 * The drivers that a machine is booted with: those that `--driver` names, then those that come with the command.
 *
 * @throws IommuError `ERR_DRIVER_MISSING`, `ERR_DRIVER_LOAD`, `ERR_DRIVER_CONTRACT`, `ERR_DRIVER_SPEC_VERSION`
 */
export const driversFor = async (flags: DriverFlags): Promise<IommuDriver[]> => {
  const modules = await driverModules(flags);
  if (modules.length === 0) return bundledDrivers();
  const { loadDrivers, namedFirst } = await import('@iommu/machine/load-drivers');
  return namedFirst(await loadDrivers(modules), bundledDrivers());
};
