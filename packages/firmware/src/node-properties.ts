import type { DeviceTree, DeviceTreeNode } from './device-tree.js';

/*
 * What the properties of a device tree's nodes mean, as far as IOMMUs need it: the Devicetree Specification v0.4, chapter 2,
 * with Linux where that says less.
 */

/** Cells of an address, and of a size, where no node says. */
const DEFAULT_CELLS = 1;
/** More cells than this fit in no number of the kernel's. */
const MOST_CELLS = 4;

/** What the nearest node says, from a bus upwards. @see Linux v7.0 drivers/of/base.c of_bus_n_addr_cells() */
const nearest = (bus: DeviceTreeNode | undefined, name: string): number => {
  for (let at = bus; at; at = at.parent) {
    const cells = firstCell(at, name);
    if (cells !== undefined) return Math.min(cells, MOST_CELLS);
  }
  return DEFAULT_CELLS;
};

/** How many cells an address on a node's bus has. */
export const addressCells = (bus: DeviceTreeNode | undefined): number => nearest(bus, '#address-cells');

export const sizeCells = (bus: DeviceTreeNode | undefined): number => nearest(bus, '#size-cells');

/** A property's first cell. */
export const firstCell = (node: DeviceTreeNode | undefined, name: string): number | undefined => {
  const property = node?.property(name);
  return property && property.cellCount > 0 ? property.cell(0) : undefined;
};

/** Whether `compatible` has one of these names. */
export const isCompatible = (node: DeviceTreeNode, names: ReadonlySet<string>): boolean =>
  node.property('compatible')?.texts.some((name) => names.has(name)) ?? false;

/** Not switched off, nor anything above it. @see Linux v7.0 drivers/of/base.c __of_device_is_available() */
export const isAvailable = (node: DeviceTreeNode): boolean => {
  for (let at: DeviceTreeNode | undefined = node; at; at = at.parent) {
    const status = at.property('status');
    if (status && status.length > 0 && !['okay', 'ok'].includes(status.text)) return false;
  }
  return true;
};

/** A range of addresses; `size` in bytes. */
export interface AddressRange {
  /** The first address, as the processor sees it: put through the `ranges` of the buses above. */
  readonly start: bigint;
  /** In bytes; 0 where the bus has addresses without sizes. */
  readonly size: bigint;
}

/** Put an address on a bus through the bus's `ranges`; `undefined`: it is not to be seen from above. */
const translate = (address: bigint, bus: DeviceTreeNode): bigint | undefined => {
  const ranges = bus.property('ranges');
  if (!ranges) return undefined;
  if (ranges.length === 0) return address;
  const [child, parent, size] = [addressCells(bus), addressCells(bus.parent), sizeCells(bus)];
  const entry = child + parent + size;
  if (entry === 0) return undefined;
  for (let at = 0; at + entry <= ranges.cellCount; at += entry) {
    const start = ranges.number(at, child);
    const length = ranges.number(at + child + parent, size);
    if (address >= start && address < start + length) return ranges.number(at + child, parent) + (address - start);
  }
  return undefined;
};

/**
 * The first range of a node's `reg`, as the processor sees it.
 *
 * @see Linux v7.0 drivers/of/address.c of_translate_address()
 */
export const firstRange = (node: DeviceTreeNode): AddressRange | undefined => {
  const reg = node.property('reg');
  const bus = node.parent;
  const [address, size] = [addressCells(bus), sizeCells(bus)];
  if (!reg || !bus || address === 0 || reg.cellCount < address + size) return undefined;
  let start: bigint | undefined = reg.number(0, address);
  for (let at: DeviceTreeNode | undefined = bus; at?.parent && start !== undefined; at = at.parent) {
    start = translate(start, at);
  }
  return start === undefined ? undefined : { start, size: reg.number(address, size) };
};

/**
 * The name that Linux gives the platform device of a node: `9050000.iommu`, or names up to a node with an address.
 *
 * @see Linux v7.0 drivers/of/platform.c of_device_make_bus_id()
 */
export const platformName = (node: DeviceTreeNode): string => {
  let suffix = '';
  for (let at: DeviceTreeNode | undefined = node; at?.parent; at = at.parent) {
    const range = firstRange(at);
    if (range) return `${range.start.toString(16)}.${at.baseName}${suffix && `:${suffix}`}`;
    suffix = suffix ? `${at.name}:${suffix}` : at.name;
  }
  return suffix;
};

/** `platform/soc@0/15000000.iommu`: below the devices of the buses that it stands on. */
export const platformPath = (node: DeviceTreeNode): string => {
  const parts: string[] = [];
  for (let at: DeviceTreeNode | undefined = node; at?.parent; at = at.parent) parts.unshift(platformName(at));
  return ['platform', ...parts].join('/');
};

/** One entry of a list of references: a node, and the cells that go with it. */
export interface Reference {
  /** `undefined`, in the last entry only: the handle leads nowhere, or cells are missing. */
  readonly node: DeviceTreeNode | undefined;
  /** 32 bits each, without the handle before them; empty without a node, or for one that wants none. */
  readonly cells: readonly number[];
}

/**
 * A list of references, each followed by as many cells as the node that it names wants.
 *
 * @param cellsName - The property by which a node says how many: `#iommu-cells`.
 * @returns Up to the first entry that cannot be read, which comes out without a node.
 * @see Linux v7.0 drivers/of/base.c of_parse_phandle_with_args()
 */
export const references = (tree: DeviceTree, property: readonly number[], cellsName: string): Reference[] => {
  const list: Reference[] = [];
  for (let at = 0; at < property.length; ) {
    const node = tree.byPhandle(property[at++] as number);
    const count = firstCell(node, cellsName);
    if (!node || count === undefined || at + count > property.length) {
      list.push({ node: undefined, cells: [] });
      break;
    }
    list.push({ node, cells: property.slice(at, at + count) });
    at += count;
  }
  return list;
};
