import type { Relocation } from '@iommu/core';
import { addressKey, bridgeAbove, isPciDevice, type PciDevice } from '@iommu/pci';

const busKey = (segment: number, bus: number): number => segment * 0x100 + bus;

/** What became of requester ids when hardware was moved. */
export class RelocatedIds {
  /** By id; `undefined`: the function is gone, or behind another bridge. */
  readonly #ids = new Map<number, number | undefined>();
  /** By bus; `undefined`: the bridge to it is gone. */
  readonly #buses = new Map<number, number | undefined>();
  readonly #bypassed = new Set<number>();

  constructor(relocation: Relocation) {
    for (const before of relocation.devices.keys()) if (isPciDevice(before)) this.#note(before, relocation);
    for (const device of relocation.bypassed)
      if (isPciDevice(device)) for (const bus of busesOf(device)) this.#bypassed.add(bus);
  }

  #note(before: PciDevice, { devices, bypassed }: Relocation): void {
    const after = devices.get(before);
    const now = after && isPciDevice(after) ? after : undefined;
    const { segment, rid, subordinate } = before;
    const old = bridgeAbove(before);
    const stayed = now && !bypassed.has(now) && bridgeAbove(now) === (old && devices.get(old));
    this.#ids.set(addressKey(segment, rid), stayed ? now.rid : undefined);
    if (subordinate) this.#buses.set(busKey(segment, subordinate.number), now?.subordinate?.number);
  }

  /** An id as it is now; `undefined`: nothing has it any more. */
  now(segment: number, id: number): number | undefined {
    const key = addressKey(segment, id);
    return this.#ids.has(key) ? this.#ids.get(key) : this.byBus(segment, id);
  }

  /** The same place on the same bus. */
  byBus(segment: number, id: number): number | undefined {
    const key = busKey(segment, id >> 8);
    if (!this.#buses.has(key)) return id;
    const bus = this.#buses.get(key);
    return bus === undefined ? undefined : bus * 256 + (id & 0xff);
  }

  /** A range without what is to be left out: both ends of each part. */
  withoutBypassed(segment: number, first: number, last: number): readonly (readonly [first: number, last: number])[] {
    const parts: [number, number][] = [];
    let start = first;
    for (let bus = first >> 8; bus <= last >> 8; bus++) {
      if (!this.#bypassed.has(busKey(segment, bus))) continue;
      if (start < bus * 256) parts.push([start, bus * 256 - 1]);
      start = (bus + 1) * 256;
    }
    return start <= last ? [...parts, [start, last]] : parts;
  }
}

/** The bus of a function, and those that the bridge that it is keeps for what is behind it. */
const busesOf = ({ segment, pciBus, subordinate, facts }: PciDevice): number[] => {
  const buses = [busKey(segment, pciBus.number)];
  if (!subordinate) return buses;
  for (let bus = subordinate.number; bus <= (facts.subordinateBus ?? subordinate.number); bus++)
    buses.push(busKey(segment, bus));
  return buses;
};
