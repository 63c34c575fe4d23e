import type { Machine, MachineFirmware, MachineKernel } from '@iommu/machine';
import { type DmesgFacts, parseDmesg } from './dmesg.js';
import { type FileTree, readText, subtree } from './file-tree.js';
import { readKernelConfig } from './kernel-config.js';
import { withRecordedSizes } from './recorded-sizes.js';
import { readSysfsGroups, readSysfsUnits } from './sysfs-iommu.js';
import { readSysfsPci, sysfsFunctionPaths } from './sysfs-pci.js';
import { readSysfsPlatform } from './sysfs-platform.js';

/** Where snapshots keep what is not sysfs; the first that is there counts. */
export const PLACES = {
  release: ['uname.txt', 'proc/sys/kernel/osrelease'],
  arch: ['arch.txt', 'proc/sys/kernel/arch'],
  commandLine: ['cmdline.txt', 'proc/cmdline'],
  dmesg: ['dmesg.txt', 'dmesg', 'var/log/dmesg'],
  tables: ['acpi', 'sys/firmware/acpi/tables'],
  deviceTree: ['fdt', 'sys/firmware/fdt'],
} as const;

/** Tables that speak of IOMMUs, or of what belongs to them. */
export const TABLES: RegExp = /^(?:DMAR|IVRS|IORT|VIOT|MCFG|APIC)\d*$/;

/**
 * Find the top of a snapshot: the directory that holds `sys`, at the tree's own top or in a single directory below it;
 * or the top of sysfs itself.
 */
export const findTop = (tree: FileTree): { top: FileTree; sys: FileTree } | undefined => {
  const names = tree.list('');
  const at = (path: string, inside: readonly string[]) => {
    if (inside.includes('sys'))
      return { top: subtree(tree, path), sys: subtree(tree, path === '' ? 'sys' : `${path}/sys`) };
    const isSysfs = inside.includes('devices') && ['bus', 'kernel', 'class'].some((name) => inside.includes(name));
    return isSysfs ? { top: subtree(tree, path), sys: subtree(tree, path) } : undefined;
  };
  const here = at('', names);
  if (here) return here;
  for (const name of names) {
    const below = at(name, tree.list(name));
    if (below) return below;
  }
  return undefined;
};

export const firstText = (tree: FileTree, paths: readonly string[]): string | undefined => {
  for (const path of paths) {
    const text = readText(tree, path);
    if (text !== undefined) return text;
  }
  return undefined;
};

const readKernel = (top: FileTree, dmesg: DmesgFacts | undefined): MachineKernel => {
  const release = firstText(top, PLACES.release) ?? dmesg?.kernel.release;
  const arch = firstText(top, PLACES.arch);
  const commandLine = firstText(top, PLACES.commandLine) ?? dmesg?.kernel.commandLine;
  const options = readKernelConfig(top, release);
  const config = { ...dmesg?.kernel.config, ...options };
  return {
    ...dmesg?.kernel,
    ...(release !== undefined && { release }),
    ...(arch && { arch }),
    ...(Object.keys(config).length > 0 && { config }),
    ...(commandLine !== undefined && { commandLine }),
  };
};

/** Firmware tables; `undefined` when the snapshot has no place for them, so that nobody looked. */
const readFirmware = (top: FileTree): MachineFirmware | undefined => {
  const acpi: Record<string, Uint8Array> = {};
  let looked = false;
  for (const directory of PLACES.tables) {
    for (const name of top.list(directory)) {
      const table = TABLES.test(name) ? top.read(`${directory}/${name}`) : undefined;
      // A table that may not be read is there, but not known: then nothing is known of the firmware.
      if (TABLES.test(name) && !table) return undefined;
      looked = true;
      if (table) acpi[name] ??= table;
    }
  }
  const deviceTree = PLACES.deviceTree.map((path) => top.read(path)).find((bytes) => bytes);
  if (!looked && !deviceTree) return undefined;
  return { ...(looked && { acpi }), ...(deviceTree && { deviceTree }) };
};

/** What is read beside the tree, and what else of it. */
export interface SnapshotOptions {
  /** The kernel's log, where it is not a file of the tree. */
  readonly log?: string;
  /** Read the further attributes of PCI functions too; no group depends on them. Default: not. */
  readonly attributes?: boolean;
}

/**
 * A machine from a tree with sysfs in it: a recorded folder or archive, or the live system.
 *
 * @returns `undefined` when the tree holds no sysfs.
 */
export const readSnapshot = (tree: FileTree, { log, attributes }: SnapshotOptions = {}): Machine | undefined => {
  const found = findTop(tree);
  if (!found) return undefined;
  const { top } = found;
  const sys = withRecordedSizes(found.sys, top);
  const text = log ?? firstText(top, PLACES.dmesg);
  const dmesg = text === undefined ? undefined : parseDmesg(text);
  const paths = sysfsFunctionPaths(sys);
  const pci = readSysfsPci(sys, paths, attributes);
  const firmware = readFirmware(top);
  const devices = readSysfsPlatform(sys, firmware);
  const kernel = readKernel(top, dmesg);
  const fromSysfs = readSysfsUnits(
    sys,
    paths.map(([, path]) => path),
    kernel,
  );
  const units = [
    ...fromSysfs,
    ...(dmesg?.units ?? []).filter(({ address }) => !fromSysfs.some((unit) => unit.address === address)),
  ];
  const observed =
    readSysfsGroups(sys, paths) ??
    (dmesg?.observed.length ? { source: 'dmesg' as const, groups: dmesg.observed } : undefined);
  const logged = new Set(dmesg?.order);
  const order = pci?.functions.every(
    ({ address, physicalFunction }) => physicalFunction !== undefined || logged.has(address),
  );
  return {
    schema: 1,
    ...(Object.keys(kernel).length > 0 && { kernel }),
    ...(firmware && { firmware }),
    ...(pci && {
      pci: {
        ...pci,
        ...(dmesg?.rootBuses.length && { rootBuses: dmesg.rootBuses }),
        ...(order &&
          dmesg && { order: dmesg.order.filter((address) => pci.functions.some((fn) => fn.address === address)) }),
      },
    }),
    ...(devices.length > 0 && { devices }),
    ...(dmesg?.probes.length && { probes: { order: dmesg.probes } }),
    ...(units.length > 0 && { units }),
    ...(observed && { observed }),
  };
};
