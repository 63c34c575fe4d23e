import { type Device, type IommuDriver, isIommuError, type Relocation } from '@iommu/core';
import { openAcpiTable, sealAcpiTable } from '@iommu/firmware';
import { bridgeAbove, isPciDevice, type PciDevice } from '@iommu/pci';
import { type Iort, isSmmu, type RootComplex } from './nodes.js';
import { parseIort } from './parse-iort.js';

const MAPPING_LENGTH = 20;

/** One mapping of a root complex, to be made longer or shorter. */
interface Range {
  first: number;
  count: number;
  output: number;
  readonly to: number;
  /** Where it stands, in bytes from the table's start. */
  readonly at: number;
}

const lastOf = ({ first, count }: Range): number => first + count;

/** The mappings of a root complex that take requester ids somewhere, by their first. */
const rangesOf = ({ mappings, offset }: RootComplex, table: DataView): Range[] =>
  mappings
    .map((map, index) => ({
      first: map.inputBase,
      count: map.idCount,
      output: map.outputBase,
      to: map.outputReference,
      at: offset + table.getUint32(offset + 12, true) + index * MAPPING_LENGTH,
      single: map.single,
    }))
    .filter(({ single }) => !single)
    .sort((a, b) => a.first - b.first);

const targetOf = (ranges: readonly Range[], rid: number): number | undefined =>
  ranges.find((range) => range.first <= rid && rid <= lastOf(range))?.to;

/** Where the ids of each function should go: to where they went; behind another port, to where that port's go. */
class Targets {
  readonly #origins = new Map<Device, PciDevice>();
  readonly #before: readonly Range[];
  readonly #relocation: Relocation;

  constructor(relocation: Relocation, before: readonly Range[]) {
    this.#relocation = relocation;
    this.#before = before;
    for (const [old, fresh] of relocation.devices) if (fresh && isPciDevice(old)) this.#origins.set(fresh, old);
  }

  of(device: PciDevice): number | undefined {
    const origin = this.#origins.get(device);
    const bridge = bridgeAbove(device);
    const above = device.physicalFunction ?? bridge;
    const old = origin && bridgeAbove(origin);
    const stayed = origin && bridge === (old && this.#relocation.devices.get(old));
    const own = origin && targetOf(this.#before, origin.rid);
    return stayed || !above ? own : (this.of(above) ?? own);
  }
}

/**
 * Make the range before an id longer, up to the end of the id's bus, and the one behind it shorter.
 *
 * @returns Whether there was room.
 */
const stretch = (ranges: readonly Range[], rid: number, to: number, iort: Iort): boolean => {
  const range = ranges.findLast((one) => one.to === to && one.first <= rid);
  if (!range) return false;
  const last = rid | 0xff;
  const inTheWay = ranges.filter((one) => one !== range && one.first > range.first && one.first <= last);
  // What another SMMU translates stays with it.
  if (inTheWay.some((one) => isSmmu(iort.nodeAt(one.to)) || lastOf(one) <= last)) return false;
  for (const next of inTheWay) {
    const shift = last + 1 - next.first;
    next.first += shift;
    next.output += shift;
    next.count -= shift;
  }
  range.count = last - range.first;
  return true;
};

/** A table that Linux refuses names nothing. */
const readable = (table: Uint8Array): Iort | undefined => {
  try {
    return parseIort(table);
  } catch (error) {
    if (isIommuError(error, 'ERR_TABLE_FIELD')) return undefined;
    throw error;
  }
};

/**
 * Take every function of a root complex to where it should go.
 *
 * @returns Whether a range changed, and the functions for which there was no room.
 */
const relocateRoot = (
  { segment }: RootComplex,
  ranges: readonly Range[],
  targets: Targets,
  after: readonly Device[],
  iort: Iort,
): { readonly changed: boolean; readonly left: readonly PciDevice[] } => {
  const left: PciDevice[] = [];
  let changed = false;
  for (const device of after) {
    if (!isPciDevice(device) || device.segment !== segment) continue;
    const wanted = targets.of(device);
    if (wanted === undefined || targetOf(ranges, device.rid) === wanted) continue;
    if (stretch(ranges, device.rid, wanted, iort)) changed = true;
    else left.push(device);
  }
  return { changed, left };
};

/**
 * Write the IORT anew for hardware that was moved: where buses of a root bus got numbers beyond those that go to an SMMU,
 * its range is made longer.
 */
export const relocateIort: NonNullable<IommuDriver['relocate']> = (platform, relocation) => {
  const table = platform.acpiTable('IORT');
  const iort = table && readable(table);
  if (!table || !iort) return undefined;
  const { reader } = openAcpiTable(table, 'IORT');
  const bytes = Uint8Array.from(reader.bytes(0, reader.length));
  const view = new DataView(bytes.buffer);
  let isWritten = false;
  for (const node of iort.nodes) {
    if (node.kind !== 'root-complex') continue;
    const ranges = rangesOf(node, view);
    const targets = new Targets(relocation, rangesOf(node, view));
    const { changed, left } = relocateRoot(node, ranges, targets, relocation.after, iort);
    for (const { name } of left) {
      platform.report({
        severity: 'assumed',
        code: 'iort-range',
        message: `the IORT does not take the requester id of ${name} to the SMMU of its port, and there is no room to say so`,
      });
    }
    for (const { at, first, count, output } of ranges) {
      view.setUint32(at, first, true);
      view.setUint32(at + 4, count, true);
      view.setUint32(at + 8, output, true);
    }
    isWritten ||= changed;
  }
  return isWritten ? { IORT: sealAcpiTable(bytes) } : undefined;
};
