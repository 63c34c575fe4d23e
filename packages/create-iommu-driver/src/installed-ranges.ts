import { createRequire } from 'node:module';
import type { Ranges } from './package-files.js';

const PACKAGES = ['core', 'firmware', 'pci', 'machine', 'driver-testkit'].map((name) => `@iommu/${name}`);

/** Of the packages that a driver uses, what works together: the versions that this one was installed with, and later ones. */
export const installedRanges = (): Ranges => {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(
    PACKAGES.map((name) => [name, `^${(require(`${name}/package.json`) as { readonly version: string }).version}`]),
  );
};
