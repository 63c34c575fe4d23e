import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const content = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    return `refused: ${(error as NodeJS.ErrnoException).code}`;
  }
};

/** Settings of devices and drivers. Others, such as limits of caches, change by themselves. */
const SETTINGS = /^(?:driver_override|control|enable|online|numa_node|sriov_.*|drivers_autoprobe|msi_bus|type)$/;

/** What comes and goes with mounts, of which other tests make some. */
const RESTLESS = new Set(['bdi']);

const entriesBelow = (folder: string, state: Map<string, string>): void => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (RESTLESS.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) state.set(path, readlinkSync(path));
    else if (entry.isDirectory()) {
      state.set(path, '');
      entriesBelow(path, state);
    } else state.set(path, SETTINGS.test(entry.name) ? content(path) : '');
  }
};

/** Where what is modelled would be changed: devices, drivers and groups of the machine itself. */
const PLACES = ['/sys/bus', '/sys/devices', '/sys/class', '/sys/kernel/iommu_groups'];

/** Names, links and settings of the machine that this runs on. */
export const hostState = (): ReadonlyMap<string, string> => {
  const state = new Map<string, string>();
  for (const place of PLACES) entriesBelow(place, state);
  return state;
};

/** What differs between two states. */
export const changes = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
