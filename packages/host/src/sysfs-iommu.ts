import { type MachineKernel, type MachineUnit, type Observed, type ObservedGroup, resolveKernel } from '@iommu/machine';
import { type FileTree, linkName, readText, resolveLink } from './file-tree.js';

const hex64 = (text: string | undefined): string | undefined =>
  text !== undefined && /^[0-9a-f]{1,16}$/i.test(text) ? `0x${text.toLowerCase()}` : undefined;

const registers = (entries: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** `4:0`: major and minor version, decimal. */
const versionRegister = (text: string | undefined): string | undefined => {
  const match = /^(\d{1,2}):(\d{1,2})$/.exec(text ?? '');
  return match ? `0x${((Number(match[1]) << 4) | Number(match[2])).toString(16)}` : undefined;
};

/**
 * Registers that units show as attributes: hardware facts, not results of grouping.
 *
 * @param functionPaths - Of the PCI functions, below which units may stand.
 * @param kernel - Whose files they are: releases differ in what they print.
 */
export const readSysfsUnits = (
  sys: FileTree,
  functionPaths: Iterable<string> = [],
  kernel?: MachineKernel,
): MachineUnit[] => {
  const directories = new Map<string, string>();
  for (const name of sys.list('devices/virtual/iommu')) directories.set(name, `devices/virtual/iommu/${name}`);
  for (const path of functionPaths) {
    // Of a device behind a unit it is a link to the unit.
    if (sys.link(`${path}/iommu`) !== undefined) continue;
    for (const name of sys.list(`${path}/iommu`)) directories.set(name, `${path}/iommu/${name}`);
  }
  for (const name of sys.list('class/iommu')) {
    const link = sys.link(`class/iommu/${name}`);
    const path = link === undefined ? undefined : resolveLink('class/iommu', link);
    if (path !== undefined) directories.set(name, path);
  }
  const efr2First = resolveKernel(kernel).rule('amd-features') === 'efr2-first';
  return [...directories]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, path]) => readUnit(sys, name, path, efr2First) ?? []);
};

/** `29d3:0`, or `0:29d3`, or of older releases `29d3`: the first and the second extended feature register. */
const featureRegisters = (text: string | undefined, efr2First: boolean): readonly (string | undefined)[] => {
  const parts = text?.split(':') ?? [];
  return efr2First && parts.length === 2 ? parts.reverse() : parts;
};

const readUnit = (sys: FileTree, name: string, path: string, efr2First: boolean): MachineUnit | undefined => {
  const intel = (file: string) => readText(sys, `${path}/intel-iommu/${file}`);
  const amd = (file: string) => readText(sys, `${path}/amd-iommu/${file}`);
  const [features, features2] = featureRegisters(amd('features'), efr2First);
  const read = registers({
    version: versionRegister(intel('version')),
    cap: hex64(intel('cap')) ?? hex64(amd('cap')),
    ecap: hex64(intel('ecap')),
    efr: hex64(features),
    efr2: hex64(features2),
  });
  const address = hex64(intel('address'));
  if (Object.keys(read).length === 0) return undefined;
  return { name, ...(address !== undefined && { address }), registers: read };
};

/** What the tree shows of the kernel's own groups; `undefined` when it holds nothing of them. */
export const readSysfsGroups = (
  sys: FileTree,
  devicePaths: Iterable<readonly [string, string]>,
): Observed | undefined => {
  const root = 'kernel/iommu_groups';
  const units = [...sys.list('class/iommu')].sort();
  const observed = (groups: ObservedGroup[]): Observed => ({
    source: 'sysfs',
    groups: groups.sort((a, b) => a.id - b.id),
    ...(units.length > 0 && { units }),
  });
  const ids = sys.list(root).filter((name) => /^\d+$/.test(name));
  if (ids.length > 0) return observed(ids.map((id) => readGroup(sys, `${root}/${id}`, Number(id))));
  const byLink = new Map<number, string[]>();
  for (const [name, path] of devicePaths) {
    const id = linkName(sys, `${path}/iommu_group`);
    if (id === undefined || !/^\d+$/.test(id)) continue;
    const members = byLink.get(Number(id));
    if (members) members.push(name);
    else byLink.set(Number(id), [name]);
  }
  if (byLink.size > 0) return observed([...byLink].map(([id, devices]) => ({ id, devices })));
  return sys.list('kernel').includes('iommu_groups') ? observed([]) : undefined;
};

const readGroup = (sys: FileTree, path: string, id: number): ObservedGroup => {
  const type = readText(sys, `${path}/type`);
  const name = readText(sys, `${path}/name`);
  const regions = readText(sys, `${path}/reserved_regions`);
  return {
    id,
    devices: [...sys.list(`${path}/devices`)].sort(),
    ...(type !== undefined && { type }),
    ...(name !== undefined && { name }),
    ...(regions !== undefined && { reservedRegions: regions.split('\n').filter(Boolean) }),
  };
};
