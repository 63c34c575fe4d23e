import type { IommuDriver } from './driver.js';
import { IommuError } from './errors.js';

/** The version of the driver contract that this core speaks. */
const SPEC_VERSION = 1;

/** @throws `ERR_DRIVER_SPEC_VERSION`, with both versions in its message. */
export const requireSpecVersion = (name: string, specVersion: unknown): void => {
  if (specVersion === SPEC_VERSION) return;
  throw new IommuError(
    'ERR_DRIVER_SPEC_VERSION',
    `driver ${name} follows version ${String(specVersion)} of the driver contract; this core speaks version ${SPEC_VERSION}`,
  );
};

/** Nothing is known yet of what was exported: each member may be anything. */
type Unchecked = { readonly [Member in keyof IommuDriver]?: unknown };

const isObject = (value: unknown): value is Unchecked => typeof value === 'object' && value !== null;

const made = (exported: unknown, where: string): unknown => {
  if (typeof exported !== 'function') return exported;
  try {
    return exported();
  } catch (cause) {
    throw new IommuError('ERR_DRIVER_CONTRACT', `${where}: its default export threw when it was called`, { cause });
  }
};

/**
 * The driver that a package exports by default.
 *
 * The version is looked at first, and nothing else of a driver of another version: it may have any form.
 *
 * @param exported - A driver, or a function that makes one when it is called without arguments.
 * @param where - The package or file, for messages.
 * @throws `ERR_DRIVER_CONTRACT` when it is neither, `ERR_DRIVER_SPEC_VERSION` for another version of the contract.
 */
export const driverFrom = (exported: unknown, where: string): IommuDriver => {
  const driver = made(exported, where);
  if (!isObject(driver) || driver.specVersion === undefined) {
    throw new IommuError(
      'ERR_DRIVER_CONTRACT',
      `${where}: its default export makes no driver; expected { specVersion: ${SPEC_VERSION}, name, bind }, or a function that returns one`,
    );
  }
  const { name, specVersion, bind } = driver;
  requireSpecVersion(typeof name === 'string' ? `${name} (${where})` : where, specVersion);
  if (typeof name !== 'string' || typeof bind !== 'function') {
    const missing = typeof name === 'string' ? 'bind(platform)' : 'name';
    throw new IommuError('ERR_DRIVER_CONTRACT', `${where}: its driver has no ${missing}`);
  }
  return driver as IommuDriver;
};
