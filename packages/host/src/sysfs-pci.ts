import { type MachinePci, type MachinePciFunction, PCI_ATTRIBUTES, type PciAttributes } from '@iommu/machine';
import { tryParsePciAddress } from '@iommu/pci';
import { type FileTree, linkName, readText, resolveLink } from './file-tree.js';

const isAddress = (name: string): boolean => tryParsePciAddress(name) !== undefined;

/** An address, and the directory of that function below sysfs. */
export type FunctionPath = readonly [address: string, path: string];

/** Directories of PCI functions, by ascending address: links of the bus where there are any, else a walk. */
export const sysfsFunctionPaths = (sys: FileTree): FunctionPath[] => {
  const paths = new Map<string, string>();
  for (const name of sys.list('bus/pci/devices')) {
    const link = sys.link(`bus/pci/devices/${name}`);
    const path = link === undefined ? undefined : resolveLink('bus/pci/devices', link);
    if (isAddress(name) && path !== undefined) paths.set(name, path);
  }
  const walk = (directory: string, depth: number): void => {
    if (depth > MAX_DEPTH) return;
    for (const name of sys.list(directory)) {
      const path = `${directory}/${name}`;
      const isRoot = /^pci[0-9a-f]{4,8}:[0-9a-f]{2}$/.test(name);
      if (!isRoot && !isAddress(name)) continue;
      if (sys.link(path) !== undefined) continue;
      if (isAddress(name) && !paths.has(name)) paths.set(name, path);
      walk(path, depth + 1);
    }
  };
  if (paths.size === 0) {
    walk('devices', 0);
    // Device tree machines hang their host bridges below platform devices.
    for (const name of sys.list('devices/platform')) walk(`devices/platform/${name}`, 1);
  }
  return [...paths].sort(([a], [b]) => (a < b ? -1 : 1));
};

/** A bus can sit 255 bridges deep, each below the other, with hosts of segments between. */
const MAX_DEPTH = 300;

/** The bridge above, and the endpoint that hosts the segment, from the directories that a function is nested in. */
const placeOf = (path: string): Pick<MachinePciFunction, 'parent' | 'segmentHost'> => {
  const parts = path.split('/');
  const above = parts.at(-2) ?? '';
  if (isAddress(above)) return { parent: above };
  const host = parts.at(-3) ?? '';
  return { parent: null, ...(isAddress(host) && { segmentHost: host }) };
};

const hex = (text: string | undefined): string | undefined => {
  const match = /^(?:0x)?([0-9a-f]{1,8})$/i.exec(text ?? '');
  return match?.[1]?.toLowerCase();
};

const pair = (first: string | undefined, second: string | undefined): string | undefined =>
  first === undefined || second === undefined ? undefined : `${first.padStart(4, '0')}:${second.padStart(4, '0')}`;

/** Attributes that configuration space shows as well; a virtual function's shows no ids. */
const fromAttributes = (sys: FileTree, path: string): Partial<MachinePciFunction> => {
  const attribute = (name: string) => hex(readText(sys, `${path}/${name}`));
  const id = pair(attribute('vendor'), attribute('device'));
  const subsystem = pair(attribute('subsystem_vendor'), attribute('subsystem_device'));
  const revision = attribute('revision');
  return {
    ...(id !== undefined && { id }),
    ...(subsystem !== undefined && { subsystem }),
    ...(revision !== undefined && { revision }),
  };
};

/** Attributes that nothing else tells: there are many, so that they are read only when asked for. */
const furtherAttributes = (sys: FileTree, path: string): PciAttributes | undefined => {
  const names = new Set(sys.list(path));
  const read = PCI_ATTRIBUTES.flatMap((name) => {
    const text = names.has(name) ? readText(sys, `${path}/${name}`) : undefined;
    return text === undefined ? [] : [[name, text] as const];
  });
  return read.length > 0 ? Object.fromEntries(read) : undefined;
};

const readFunction = (sys: FileTree, address: string, path: string, attributes: boolean): MachinePciFunction => {
  const further = attributes ? furtherAttributes(sys, path) : undefined;
  const { bytes: config, size } = sys.readSized?.(`${path}/config`) ?? {
    bytes: sys.read(`${path}/config`),
    size: undefined,
  };
  const idsInConfig = config && config.length >= 64 && (config[0] !== 0xff || config[1] !== 0xff);
  // The kernel corrects some classes: its own word counts.
  const classCode = hex(readText(sys, `${path}/class`));
  const physical = linkName(sys, `${path}/physfn`);
  const driver = linkName(sys, `${path}/driver`);
  return {
    address,
    ...placeOf(path),
    ...(!idsInConfig && fromAttributes(sys, path)),
    ...(classCode !== undefined && { class: classCode.padStart(6, '0').slice(-6) }),
    ...(config && config.length > 0 && { config }),
    // Only a live file is larger than what can be read of it; the size of a recorded one is what was recorded.
    ...((size === 256 || size === 4096) && size > (config?.length ?? 0) && { configSize: size }),
    ...(physical !== undefined && isAddress(physical) && { physicalFunction: physical }),
    ...(driver !== undefined && { driver }),
    ...(further && { attributes: further }),
  };
};

/**
 * A recorded file says how much was read, not how much there is. Where some function gave more than 256 bytes the
 * reader could read all, so the others have no more.
 */
const withSizes = (functions: readonly MachinePciFunction[]): readonly MachinePciFunction[] => {
  const length = ({ config }: MachinePciFunction) => (config as Uint8Array | undefined)?.length ?? 0;
  if (!functions.some((fn) => length(fn) > 256)) return functions;
  return functions.map((fn) =>
    fn.configSize === undefined && length(fn) >= 256 ? { ...fn, configSize: length(fn) > 256 ? 4096 : 256 } : fn,
  );
};

/**
 * Where links of functions were recorded, to a driver or to the bus that each is on, a function without one to a driver has
 * none.
 */
const withDrivers = (
  sys: FileTree,
  paths: readonly FunctionPath[],
  functions: readonly MachinePciFunction[],
): readonly MachinePciFunction[] =>
  functions.some(({ driver }) => driver !== undefined) ||
  paths.some(([, path]) => sys.link(`${path}/subsystem`) !== undefined)
    ? functions.map((fn) => (fn.driver === undefined ? { ...fn, driver: null } : fn))
    : functions;

/** Where root buses stand that hang on another device than the top: `devices/platform/4010000000.pcie/pci0000:00/…`. */
const rootParentsOf = (paths: readonly FunctionPath[]): Record<string, string> => {
  const parents: Record<string, string> = {};
  for (const [, path] of paths) {
    const [, parent, bus] =
      /^devices\/(platform\/(?:[^/]+\/)*?[^/]+)\/pci([0-9a-f]{4,8}:[0-9a-f]{2})\//.exec(path) ?? [];
    if (parent !== undefined && bus !== undefined) parents[bus] = parent;
  }
  return parents;
};

/**
 * The PCI functions of a sysfs tree; `undefined` when it holds none.
 *
 * @param attributes - Whether to read further attributes too.
 */
export const readSysfsPci = (
  sys: FileTree,
  paths: readonly FunctionPath[] = sysfsFunctionPaths(sys),
  attributes = false,
): MachinePci | undefined => {
  if (paths.length === 0) return undefined;
  const functions = paths.map(([address, path]) => readFunction(sys, address, path, attributes));
  const rootParents = rootParentsOf(paths);
  return {
    functions: withDrivers(sys, paths, withSizes(functions)),
    ...(Object.keys(rootParents).length > 0 && { rootParents }),
    acsRead: 'after-boot',
  };
};
