import type { RunningMachine } from '@iommu/machine';
import type { PciBus, PciDevice } from '@iommu/pci';
import { deviceIds } from '../device-ids.js';
import { type Place, placesOf } from '../places.js';

/**
 * How the devices of two machines are told to be the same: `path` by place and ids, then by ids alone; `address` by
 * address; `id` by ids alone, in order of address.
 */
export type MatchBy = 'path' | 'address' | 'id';

/** All of {@link MatchBy}, the default first. */
export const MATCH_BY: readonly MatchBy[] = ['path', 'address', 'id'];

/** The names of one device in both dumps. */
export interface MatchedDevice {
  /** Its address in the first dump, the segment always written: `0000:01:00.0`. */
  readonly before: string;
  /** Its address in the second; it may be the same, as where a card was replaced. */
  readonly after: string;
}

/** Which device of one machine is which of another. */
export interface Matching {
  /** From the name before to the one after. */
  readonly names: ReadonlyMap<string, string>;
  /** The same device in another place; not what only came along with what it hangs on. */
  readonly moved: readonly MatchedDevice[];
  /** Another device of the same kind in the same place. */
  readonly replaced: readonly MatchedDevice[];
}

/** Whether what is known of two functions does not tell them apart. */
const mayBeSame = (a: PciDevice, b: PciDevice): boolean =>
  (['vendor', 'device', 'subsystemVendor', 'subsystemDevice'] as const).every((name) => {
    const [one, other] = [a.facts[name], b.facts[name]];
    return one === undefined || other === undefined || one === other;
  });

const isSameKind = (a: PciDevice, b: PciDevice): boolean =>
  a.express === b.express && (a.facts.classCode ?? 0) >>> 8 === (b.facts.classCode ?? 0) >>> 8;

const isRoot = (bus: PciBus): boolean => !bus.parent && !bus.parentUnknown && !bus.host && bus.devices.length > 0;

const byNumber = (a: PciBus, b: PciBus): number => a.segment - b.segment || a.number - b.number;

/** Root buses by number; where each side has as many others in a segment, these in order. */
const matchBuses = (a: RunningMachine, b: RunningMachine): ReadonlyMap<PciBus, PciBus> => {
  const buses = new Map<PciBus, PciBus>();
  for (const bus of a.topology.buses) {
    const same = b.topology.bus(bus.segment, bus.number);
    const isAlike = same && bus.parentUnknown === same.parentUnknown;
    if (isAlike && (bus.parentUnknown || (!bus.parent && !same.parent))) buses.set(bus, same);
  }
  const taken = new Set(buses.values());
  const [left, others] = [
    [...a.topology.buses].filter((bus) => isRoot(bus) && !buses.has(bus)).sort(byNumber),
    [...b.topology.buses].filter((bus) => isRoot(bus) && !taken.has(bus)).sort(byNumber),
  ];
  for (const segment of new Set(left.map((bus) => bus.segment))) {
    const [old, fresh] = [left, others].map((list) => list.filter((bus) => bus.segment === segment));
    if (!old || old.length !== fresh?.length) continue;
    for (const [at, bus] of old.entries()) if (fresh[at]) buses.set(bus, fresh[at]);
  }
  return buses;
};

type Places = ReadonlyMap<PciDevice, Place>;

/** Matches the functions of two topologies; each step takes only what no earlier one took. */
class Matcher {
  readonly pairs = new Map<PciDevice, PciDevice>();
  readonly replaced = new Set<PciDevice>();
  readonly #taken = new Set<PciDevice>();
  readonly #buses: ReadonlyMap<PciBus, PciBus>;
  readonly #before: Places;
  readonly #after: Places;
  /** What hangs on a device or a bus, by the step. */
  readonly #steps = new Map<PciDevice | PciBus, Map<string, PciDevice>>();

  constructor(a: RunningMachine, b: RunningMachine) {
    this.#buses = matchBuses(a, b);
    [this.#before, this.#after] = [placesOf(a.topology), placesOf(b.topology)];
    for (const [device, { above, bus, step }] of this.#after) {
      const on = above ?? bus;
      if (!on) continue;
      const steps = this.#steps.get(on) ?? new Map<string, PciDevice>();
      this.#steps.set(on, steps.set(step, device));
    }
  }

  #add(device: PciDevice, other: PciDevice): void {
    this.pairs.set(device, other);
    this.#taken.add(other);
  }

  /** What is on the other side where a device is on this. */
  counterpart(device: PciDevice): PciDevice | undefined {
    const place = this.#before.get(device);
    const on = place?.above ? this.pairs.get(place.above) : place?.bus && this.#buses.get(place.bus);
    return place && on && this.#steps.get(on)?.get(place.step);
  }

  /** @param isEnough - What else than the same ids makes two devices in one place a pair. */
  byPlace(isEnough: (a: PciDevice, b: PciDevice) => boolean = () => false): void {
    for (const device of this.#before.keys()) {
      const other = this.pairs.has(device) ? undefined : this.counterpart(device);
      if (!other || this.#taken.has(other)) continue;
      const isSame = mayBeSame(device, other);
      if (!isSame && !isEnough(device, other)) continue;
      if (!isSame) this.replaced.add(device);
      this.#add(device, other);
    }
  }

  /**
   * By ids, in order of address. Virtual functions go where their physical one goes.
   *
   * @param isAny - Also where there are more of them on one side.
   */
  byId(isWanted: (device: PciDevice) => boolean, isAny = false): void {
    const bySlot = (device: PciDevice): string => `${deviceIds(device)} ${device.devfn}`;
    for (const key of [bySlot, deviceIds]) {
      const [left, others] = [this.#left(this.#before, isWanted, key), this.#left(this.#after, isWanted, key)];
      for (const [id, list] of left) {
        const fresh = others.get(id) ?? [];
        if (fresh.length !== list.length && !isAny) continue;
        for (const [at, device] of list.entries()) if (fresh[at]) this.#add(device, fresh[at]);
      }
    }
  }

  #left(
    places: Places,
    isWanted: (device: PciDevice) => boolean,
    key: (device: PciDevice) => string | null,
  ): ReadonlyMap<string, readonly PciDevice[]> {
    const lists = new Map<string, PciDevice[]>();
    const ordered = [...places.keys()].sort((a, b) => a.key - b.key);
    for (const device of ordered) {
      const isMatched = this.pairs.has(device) || this.#taken.has(device);
      const id = isMatched || device.physicalFunction || !isWanted(device) ? null : key(device);
      if (id !== null && deviceIds(device) !== null) lists.set(id, [...(lists.get(id) ?? []), device]);
    }
    return lists;
  }

  byAddress(): void {
    const others = new Map([...this.#after.keys()].map((device) => [device.name, device]));
    for (const device of this.#before.keys()) {
      const other = others.get(device.name);
      if (!other) continue;
      if (!mayBeSame(device, other)) this.replaced.add(device);
      this.#add(device, other);
    }
  }
}

const STEPS: Readonly<Record<MatchBy, (matcher: Matcher) => void>> = {
  path: (matcher) => {
    matcher.byPlace();
    // Bridges first: what hangs on them comes along.
    matcher.byId(({ isBridge }) => isBridge);
    matcher.byPlace();
    matcher.byId(() => true);
    matcher.byPlace(isSameKind);
  },
  address: (matcher) => matcher.byAddress(),
  id: (matcher) => {
    matcher.byId(() => true, true);
    matcher.byPlace();
  },
};

const matched = ([a, b]: readonly [PciDevice, PciDevice]): MatchedDevice => ({ before: a.name, after: b.name });

/** Find out which device of one machine is which of another. Devices that are not on PCI keep their names. */
export const matchDevices = (a: RunningMachine, b: RunningMachine, by: MatchBy): Matching => {
  const matcher = new Matcher(a, b);
  STEPS[by](matcher);
  const pairs = [...matcher.pairs];
  const moved = by === 'path' ? pairs.filter(([device, other]) => matcher.counterpart(device) !== other) : [];
  return {
    names: new Map(pairs.map(([device, other]) => [device.name, other.name])),
    moved: moved.map(matched),
    replaced: pairs.filter(([device]) => matcher.replaced.has(device)).map(matched),
  };
};
