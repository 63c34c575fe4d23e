import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { boot } from '@iommu/machine';
import { machineFromJson } from '@iommu/machine/json';
import { rootEntries, sysfsOf, writeFolder } from '@iommu/sysfs';
import type { Described } from './clients.js';
import { allDrivers } from './drivers.js';
import { temporaryFolder } from './fake-root.js';

/** A folder with the `sys` of a machine, gone after the test. */
export const renderedFolder = ({ file }: Described): string => {
  const folder = join(temporaryFolder(), 'rendered');
  const running = boot(machineFromJson(JSON.parse(readFileSync(file, 'utf8'))), { drivers: allDrivers() });
  writeFolder(rootEntries(sysfsOf(running).root), folder);
  return folder;
};
