import type { TableReader } from '@iommu/firmware';
import { type DeviceEntry, entryLength, readDeviceEntries } from './device-entries.js';
import type { RelocatedIds } from './relocated-ids.js';

const RANGE_START = 0x03;
const RANGE_END = 0x04;
const LAST_ID = 0xffff;

const word = (value: number): [low: number, high: number] => [value & 0xff, value >> 8];

/** Bytes of an entry with other ids in it. */
const withIds = (bytes: Uint8Array, deviceId: number, alias?: number): number[] => {
  const copy = [...bytes];
  [copy[1], copy[2]] = word(deviceId);
  if (alias !== undefined) [copy[5], copy[6]] = word(alias);
  return copy;
};

/** Goes through the entries of one block, and writes what becomes of them. */
class Rewriter {
  readonly written: number[] = [];
  readonly #segment: number;
  readonly #ids: RelocatedIds;
  #open: { readonly bytes: Uint8Array; readonly first: number; readonly alias: number | undefined } | undefined;

  constructor(segment: number, ids: RelocatedIds) {
    this.#segment = segment;
    this.#ids = ids;
  }

  entry(entry: DeviceEntry, bytes: Uint8Array): void {
    switch (entry.kind) {
      case 'all':
        this.#all(bytes);
        return;
      case 'select':
        this.#select(entry.deviceId, entry.alias, bytes);
        return;
      case 'range-start':
        this.#open = { bytes, first: entry.deviceId, alias: entry.alias };
        return;
      case 'range-end':
        this.#range(entry.deviceId, bytes);
        return;
      default:
        this.written.push(...bytes);
    }
  }

  #alias(alias: number | undefined): number | undefined {
    return alias === undefined ? undefined : (this.#ids.byBus(this.#segment, alias) ?? alias);
  }

  #select(id: number, alias: number | undefined, bytes: Uint8Array): void {
    const now = this.#ids.now(this.#segment, id);
    const isIn = now !== undefined && this.#ids.withoutBypassed(this.#segment, now, now).length > 0;
    if (isIn) this.written.push(...withIds(bytes, now, this.#alias(alias)));
  }

  #all(bytes: Uint8Array): void {
    const parts = this.#ids.withoutBypassed(this.#segment, 0, LAST_ID);
    const isWhole = parts.length === 1 && parts[0]?.[0] === 0 && parts[0][1] === LAST_ID;
    if (isWhole) this.written.push(...bytes);
    else for (const [first, last] of parts) this.written.push(...start(first), ...end(last));
  }

  /** A range on a bus goes with the bus; without a start, as Linux takes it, it stays as it is. */
  #range(lastId: number, endBytes: Uint8Array): void {
    const open = this.#open;
    this.#open = undefined;
    if (!open) {
      this.written.push(...endBytes);
      return;
    }
    const first = this.#ids.byBus(this.#segment, open.first);
    const last = this.#ids.byBus(this.#segment, lastId);
    if (first === undefined && last === undefined) return;
    const [from, to] = [first ?? open.first, last ?? lastId];
    const alias = this.#alias(open.alias);
    for (const [low, high] of this.#ids.withoutBypassed(this.#segment, from, to))
      this.written.push(...withIds(open.bytes, low, alias), ...withIds(endBytes, high));
  }
}

const start = (id: number): number[] => [RANGE_START, ...word(id), 0];
const end = (id: number): number[] => [RANGE_END, ...word(id), 0];

/**
 * The device entries of an IVHD block for hardware that was moved.
 *
 * @param from - Where they start, in bytes from the block's start.
 */
export const rewriteEntries = (
  block: TableReader,
  from: number,
  segment: number,
  ids: RelocatedIds,
): readonly number[] => {
  const rewriter = new Rewriter(segment, ids);
  let at = from;
  for (const entry of readDeviceEntries(block, from)) {
    const offset = entry.offset - block.base;
    // Entries of kinds that are not known stay where they are.
    rewriter.written.push(...block.bytes(at, offset - at));
    const length = entryLength(block, offset);
    rewriter.entry(entry, block.bytes(offset, length));
    at = offset + length;
  }
  rewriter.written.push(...block.bytes(at, block.length - at));
  return rewriter.written;
};
