import type { RunningMachine } from '@iommu/machine';
import type { SysfsDirectory } from '../node.js';
import { READABLE } from './read-content.js';
import { type RootEntry, rootEntries } from './root-entries.js';

/** Bytes that nobody keeps in the source of a test, and what only the kernel can do. */
const LEFT_OUT = /^(?:config|rom|vpd|resource(?:\d+(?:_wc)?)?|remove|rescan|reset)$/;

const PCI_BUS = 'sys/bus/pci';
const DEVICES = 'sys/devices';
const GROUPS = 'sys/kernel/iommu_groups';

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
const isBelow = (path: string, top: string): boolean => path === top || path.startsWith(`${top}/`);

/** A path and all above it. */
function* withAbove(path: string): Generator<string> {
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) yield path.slice(0, at);
  yield path;
}

/** Where a link leads, from the top. */
const resolved = ({ path, target }: Extract<RootEntry, { kind: 'link' }>): string => {
  const parts = parentOf(path).split('/');
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
};

/** Which directories are kept: of devices and what is above them, of groups, of the PCI bus with its drivers. */
const keptDirectories = (entries: readonly RootEntry[], { devices }: RunningMachine): ReadonlySet<string> => {
  const ofDevices = new Set(devices.flatMap(({ path }) => [...withAbove(`${DEVICES}/${path}`)]));
  const above = new Set([PCI_BUS, GROUPS].flatMap((top) => [...withAbove(top)]));
  const isKept = (path: string): boolean =>
    ofDevices.has(path) ||
    above.has(path) ||
    isBelow(path, GROUPS) ||
    (isBelow(path, PCI_BUS) && /^sys\/bus\/pci\/(?:devices|drivers)(?:\/|$)/.test(path));
  return new Set(entries.flatMap(({ kind, path }) => (kind === 'directory' && isKept(path) ? [path] : [])));
};

const isAttribute = ({ path, mode }: Extract<RootEntry, { kind: 'file' }>, ofDevices: ReadonlySet<string>): boolean => {
  if ((mode & READABLE) === 0 || LEFT_OUT.test(nameOf(path))) return false;
  return isBelow(path, GROUPS) || ofDevices.has(parentOf(path));
};

/**
 * Of a tree what tests of other programs keep of it: the devices with their attributes that are text, the links between them,
 * their drivers, the bus, the groups. Parents come before children; no link leads to what is not there.
 *
 * @param sys - `/sys` of the machine, as `sysfsOf()` makes it.
 * @throws IommuError `ERR_SYSFS_NAME` for a name or a link that no file system should be given.
 */
export const pciFixture = (sys: SysfsDirectory, running: RunningMachine): RootEntry[] => {
  const entries = [...rootEntries(sys)];
  const directories = keptDirectories(entries, running);
  const ofDevices = new Set(running.devices.map(({ path }) => `${DEVICES}/${path}`));
  return entries.filter((entry) => {
    if (entry.kind === 'directory') return directories.has(entry.path);
    if (!directories.has(parentOf(entry.path))) return false;
    return entry.kind === 'link' ? directories.has(resolved(entry)) : isAttribute(entry, ofDevices);
  });
};
