/**
 * Drivers out of modules that are named while the program runs. Nothing is looked for: only what is named is loaded.
 *
 * @packageDocumentation
 */
import { driverFrom, type IommuDriver, IommuError, isIommuError } from '@iommu/core';

/**
 * Load the driver that a module exports by default. The module's code runs.
 *
 * @param module - A URL, or whatever else `import()` takes.
 * @throws IommuError `ERR_DRIVER_LOAD` when the module is not there or throws, `ERR_DRIVER_CONTRACT` when its default
 * export makes no driver, `ERR_DRIVER_SPEC_VERSION` for a driver of another version of the contract
 */
export const loadDriver = async (module: string): Promise<IommuDriver> => {
  let loaded: { readonly default?: unknown };
  try {
    loaded = await import(/* @vite-ignore */ module);
  } catch (cause) {
    if (isIommuError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new IommuError('ERR_DRIVER_LOAD', `${module}: cannot be loaded as a driver: ${why}`, { cause });
  }
  return driverFrom(loaded.default, module);
};

/** {@link loadDriver} for each of several, in their order. */
export const loadDrivers = (modules: readonly string[]): Promise<IommuDriver[]> => Promise.all(modules.map(loadDriver));

/**
 * Put drivers that somebody named before those that a program brings. One of the program's that goes by the name of one of them is
 * left out: the named one stands in for it.
 */
export const namedFirst = (named: readonly IommuDriver[], own: readonly IommuDriver[]): IommuDriver[] => [
  ...named,
  ...own.filter(({ name }) => named.every((one) => one.name !== name)),
];
