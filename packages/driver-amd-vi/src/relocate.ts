import { type Device, type IommuDriver, isIommuError, type Platform, type Relocation } from '@iommu/core';
import { openAcpiTable, sealAcpiTable, type TableReader } from '@iommu/firmware';
import { bridgeAbove, isPciDevice, type PciDevice } from '@iommu/pci';
import { DeviceTable } from './device-table.js';
import { BLOCKS_START, IVHD_HEAD, type Ivrs, isIvhdType, isIvmdType, parseIvrs } from './ivrs.js';
import { RelocatedIds } from './relocated-ids.js';
import { rewriteEntries } from './rewrite-entries.js';
import { unitsOf } from './units.js';

const SELECT = 0x02;

const word = (value: number): [low: number, high: number] => [value & 0xff, value >> 8];

/** A table that Linux refuses names nothing. */
const readable = (table: Uint8Array): Ivrs | undefined => {
  try {
    return parseIvrs(table);
  } catch (error) {
    if (isIommuError(error, 'ERR_TABLE_FIELD')) return undefined;
    throw error;
  }
};

/** Which unit a table gives to which function, as the id of the unit's own function. */
const ownersIn = (ivrs: Ivrs, platform: Platform): ((device: PciDevice) => number | undefined) => {
  const table = new DeviceTable(unitsOf(ivrs, platform, true), { tellsSegments: true, rangesOwnAlias: false });
  return ({ segment, rid }) => table.unitOf(segment, rid)?.ivhd.deviceId;
};

/** Which unit each function should have: the one that it had; behind another port, the unit of that port. */
class Wanted {
  readonly #origins = new Map<Device, PciDevice>();
  readonly #ownerBefore: (device: PciDevice) => number | undefined;
  readonly #relocation: Relocation;

  constructor(relocation: Relocation, ownerBefore: (device: PciDevice) => number | undefined) {
    this.#relocation = relocation;
    this.#ownerBefore = ownerBefore;
    for (const [before, after] of relocation.devices)
      if (after && isPciDevice(before)) this.#origins.set(after, before);
  }

  of(device: PciDevice): number | undefined {
    if (this.#relocation.bypassed.has(device)) return undefined;
    const origin = this.#origins.get(device);
    const bridge = bridgeAbove(device);
    const above = device.physicalFunction ?? bridge;
    const old = origin && bridgeAbove(origin);
    const stayed = origin && bridge === (old && this.#relocation.devices.get(old));
    const own = origin && this.#ownerBefore(origin);
    return stayed || !above ? own : (this.of(above) ?? own);
  }
}

/** Blocks of a table, each to be written anew; what is no block of devices or memory stays. */
const rewriteBlocks = (
  reader: TableReader,
  ids: RelocatedIds,
  added: ReadonlyMap<string, readonly number[]>,
): Uint8Array => {
  const bytes = [...reader.bytes(0, BLOCKS_START)];
  for (let offset = BLOCKS_START; offset < reader.length; ) {
    const length = reader.u16(offset + 2);
    bytes.push(...rewriteBlock(reader.slice(offset, length), ids, added));
    offset += length;
  }
  return sealAcpiTable(Uint8Array.from(bytes));
};

const unitKey = (segment: number, deviceId: number): string => `${segment}:${deviceId}`;

const rewriteBlock = (
  block: TableReader,
  ids: RelocatedIds,
  added: ReadonlyMap<string, readonly number[]>,
): number[] => {
  const type = block.u8(0);
  const raw = [...block.bytes(0, block.length)];
  if (isIvmdType(type)) return rewriteMemory(block, raw, ids);
  if (!isIvhdType(type)) return raw;
  const segment = block.u16(16);
  const own = ids.now(segment, block.u16(4)) ?? block.u16(4);
  const more = added.get(unitKey(segment, own)) ?? [];
  const head = raw.slice(0, IVHD_HEAD[type]);
  const entries = rewriteEntries(block, IVHD_HEAD[type], segment, ids);
  const written = [...head, ...entries, ...more.flatMap((id) => [SELECT, ...word(id), 0])];
  [written[2], written[3]] = word(written.length);
  [written[4], written[5]] = word(own);
  return written;
};

const IVMD_ALL = 0x20;

/** Memory belongs to a device, and goes with it. */
const rewriteMemory = (block: TableReader, raw: number[], ids: RelocatedIds): number[] => {
  if (block.u8(0) === IVMD_ALL) return raw;
  const [segment, first, last] = [block.u16(8), block.u16(4), block.u16(6)];
  const isOne = block.u8(0) === IVMD_ALL + 1;
  const now = isOne ? ids.now(segment, first) : ids.byBus(segment, first);
  if (now === undefined) return [];
  [raw[4], raw[5]] = word(now);
  if (!isOne) [raw[6], raw[7]] = word(ids.byBus(segment, last) ?? last);
  return raw;
};

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

/** Functions that the table gives to another unit than they should have, by unit. */
const lacking = (after: readonly Device[], wanted: Wanted, has: (device: PciDevice) => number | undefined) => {
  const added = new Map<string, number[]>();
  for (const device of after) {
    if (!isPciDevice(device)) continue;
    const unit = wanted.of(device);
    if (unit === undefined || has(device) === unit) continue;
    const key = unitKey(device.segment, unit);
    added.set(key, [...(added.get(key) ?? []), device.rid]);
  }
  return added;
};

/**
 * Write the IVRS anew for hardware that was moved: its ids follow devices and buses, and what no entry covers where it is
 * now gets one in the block of the unit that translates what is around it.
 */
export const relocateIvrs: NonNullable<IommuDriver['relocate']> = (platform, relocation) => {
  const table = platform.acpiTable('IVRS');
  const ivrs = table && readable(table);
  if (!table || !ivrs) return undefined;
  const { reader } = openAcpiTable(table, 'IVRS');
  const ids = new RelocatedIds(relocation);
  const first = rewriteBlocks(reader, ids, new Map());
  const wanted = new Wanted(relocation, ownersIn(ivrs, platform));
  const missing = lacking(relocation.after, wanted, ownersIn(parseIvrs(first), platform));
  const written = missing.size === 0 ? first : rewriteBlocks(reader, ids, missing);
  return isSame(written, reader.bytes(0, reader.length)) ? undefined : { IVRS: written };
};
