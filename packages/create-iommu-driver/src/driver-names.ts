import { IommuError } from '@iommu/core';
import validate from 'validate-npm-package-name';

const PREFIX = 'iommu-driver-';
/** A driver's name is also that of its units and files, and begins the names in its code. */
const OWN_NAME = /^[a-z][a-z0-9]*(?:[-._][a-z0-9]+)*$/;

/** What a driver is called, wherever it has a name. */
export interface DriverNames {
  /** `@scope/iommu-driver-riscv-iommu` */
  readonly packageName: string;
  /** The folder that it is written to: `iommu-driver-riscv-iommu`. */
  readonly folder: string;
  /** What it calls itself: `riscv-iommu`. */
  readonly driver: string;
  /** The function that it exports: `riscvIommu`. It ends so that it is no word of the language, and no import. */
  readonly factory: string;
  /** What its types begin or end with: `Riscv`. */
  readonly type: string;
}

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

const refusal = (name: string, why: string): IommuError =>
  new IommuError('ERR_PACKAGE_NAME', `"${name}" cannot be the name of a package: ${why}`);

/**
 * The names of a driver.
 *
 * @param name - `toy`, `iommu-driver-toy` or `@scope/toy`; what is missing of the package's name is put before.
 * @throws IommuError `ERR_PACKAGE_NAME` where npm takes no new package of that name, or nothing in code can be called so.
 */
export const driverNames = (name: string): DriverNames => {
  const [, scope = '', own = ''] = /^(@[^/]*\/)?(.*)$/s.exec(name) ?? [];
  const driver = own.startsWith(PREFIX) ? own.slice(PREFIX.length) : own;
  const folder = PREFIX + driver;
  const packageName = scope + folder;
  const { validForNewPackages, errors = [], warnings = [] } = validate(packageName);
  if (!validForNewPackages) throw refusal(packageName, [...errors, ...warnings].join('; '));
  if (!OWN_NAME.test(driver)) {
    const expected = 'a letter, then letters and digits, with single dashes, dots or underscores between';
    throw refusal(packageName, `after ${PREFIX} comes ${expected}`);
  }
  const words = driver.split(/[-._]/);
  if (words.length > 1 && words.at(-1) === 'iommu') words.pop();
  const type = words.map(capitalized).join('');
  return { packageName, folder, driver, factory: `${type.charAt(0).toLowerCase()}${type.slice(1)}Iommu`, type };
};
