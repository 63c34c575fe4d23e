import { IommuError } from '@iommu/core';
import {
  addressKey,
  busOf,
  factsOf,
  formatBus,
  isDownstreamPort,
  type PciBus,
  type PciFacts,
  type PciTopology,
  parsePciAddress,
  tryParsePciAddress,
} from '@iommu/pci';
import type { MachinePci, MachinePciFunction } from './machine.js';
import { pciFunction } from './pci-function.js';

/** A function that is plugged in, whether a kernel knows of it or not. */
export interface Plugged {
  readonly description: MachinePciFunction;
  readonly key: number;
  readonly segment: number;
  readonly rid: number;
  readonly facts: PciFacts;
}

const busKey = (segment: number, bus: number): number => segment * 0x100 + bus;

const secondaryOf = ({ segment, rid, facts: { secondaryBus = 0 } }: Plugged): number | undefined =>
  secondaryBus > busOf(rid) ? busKey(segment, secondaryBus) : undefined;

const keyAt = (address: string): number | undefined => {
  const parsed = tryParsePciAddress(address);
  return parsed && addressKey(parsed.segment, parsed.rid);
};

/** @throws IommuError `ERR_PCI_ADDRESS`, `ERR_MACHINE` for bytes that are none */
export const plugged = (description: MachinePciFunction): Plugged => {
  const { segment, rid } = parsePciAddress(description.address);
  return { description, key: addressKey(segment, rid), segment, rid, facts: factsOf(pciFunction(description)) };
};

/**
 * The PCI functions that are plugged in. Virtual functions are none: they come and go with what their physical function
 * is told.
 */
export class Hardware {
  readonly #described: Pick<MachinePci, 'functions' | 'rootBuses'>;
  #found: Map<number, Plugged> | undefined = undefined;
  /** Bridges by the bus behind them. */
  readonly #bridges = new Map<number, Plugged>();
  /** Slots that had no function 0 from the beginning: something hides it, and the kernel looks all the same. */
  readonly #isolated = new Set<number>();

  /** @param described - What is plugged in at first; looked at only when it is asked for. */
  constructor(described: Pick<MachinePci, 'functions' | 'rootBuses'>) {
    this.#described = described;
  }

  get #functions(): Map<number, Plugged> {
    if (this.#found) return this.#found;
    this.#found = new Map();
    for (const one of this.#described.functions) if (one.physicalFunction === undefined) this.add(plugged(one));
    for (const one of this.#found.values()) {
      const start = this.slotOf(one);
      if (!this.#found.has(start)) this.#isolated.add(start);
    }
    return this.#found;
  }

  get functions(): readonly MachinePciFunction[] {
    return this.#found
      ? [...this.#found.values()].map(({ description }) => description)
      : this.#described.functions.filter(({ physicalFunction }) => physicalFunction === undefined);
  }

  /** @param address - `DDDD:BB:DD.F` or `BB:DD.F` */
  find(address: string): Plugged | undefined {
    const key = keyAt(address);
    return key === undefined ? undefined : this.#functions.get(key);
  }

  /** @throws IommuError `ERR_PCI_DUPLICATE` */
  add(one: Plugged): void {
    if (this.#functions.has(one.key)) {
      throw new IommuError('ERR_PCI_DUPLICATE', `${one.description.address} is plugged in already`);
    }
    this.#functions.set(one.key, one);
    const secondary = secondaryOf(one);
    if (secondary !== undefined && !this.#bridges.has(secondary)) this.#bridges.set(secondary, one);
  }

  delete(one: Plugged): void {
    this.#functions.delete(one.key);
    const secondary = secondaryOf(one);
    if (secondary !== undefined && this.#bridges.get(secondary) === one) this.#bridges.delete(secondary);
  }

  /** The function that is plugged in above, whatever the kernel knows. */
  above({ description, segment, rid }: Plugged): Plugged | undefined {
    if (typeof description.parent === 'string') return this.find(description.parent);
    if (description.parent === null) return undefined;
    const bus = busOf(rid);
    for (let secondary = bus; secondary > 0; secondary--) {
      const bridge = this.#bridges.get(busKey(segment, secondary));
      if (bridge && (secondary === bus || (bridge.facts.subordinateBus ?? 0) >= bus)) return bridge;
    }
    return undefined;
  }

  /** All that is plugged in behind a function, and what its segment holds if it hosts one. */
  behind(one: Plugged): Plugged[] {
    const meant = new Set([one]);
    const { address } = one.description;
    const hangsOn = (other: Plugged): boolean => {
      const { segmentHost } = other.description;
      const above = this.above(other);
      return (above !== undefined && meant.has(above)) || (segmentHost !== undefined && this.find(segmentHost) === one);
    };
    // Buses are nested: each round finds at least one more, or is the last.
    for (let before = 0; before !== meant.size; ) {
      before = meant.size;
      for (const other of this.#functions.values()) if (hangsOn(other)) meant.add(other);
    }
    return [...meant].filter(({ description }) => description.address !== address);
  }

  /**
   * The key of the first function of the slot that a function is in. Below a port there is one slot.
   *
   * @see Linux v6.1 drivers/pci/probe.c only_one_child()
   */
  slotOf(one: Plugged): number {
    const above = this.above(one);
    const single = above !== undefined && isDownstreamPort(above.facts.express);
    return addressKey(one.segment, one.rid & (single ? 0xff00 : 0xfff8));
  }

  /**
   * Functions that a kernel would find by looking, and does not know: in the order of a scan, each with what is above it
   * before.
   *
   * @param bus - Only on this bus and behind it; absent: everywhere.
   * @see Linux v6.1 drivers/pci/probe.c pci_rescan_bus(), pci_scan_slot()
   */
  missing(topology: PciTopology, bus?: PciBus): Plugged[] {
    const children = new Map<Plugged | number, Plugged[]>();
    for (const one of [...this.#functions.values()].sort((a, b) => a.key - b.key)) {
      const { parent } = one.description;
      if (typeof parent === 'string' && !this.find(parent)) continue;
      const place = this.above(one) ?? busKey(one.segment, busOf(one.rid));
      const list = children.get(place);
      if (list) list.push(one);
      else children.set(place, [one]);
    }
    const found = new Map<number, Plugged>();
    const isKnown = (key: number | undefined): boolean =>
      key !== undefined && (found.has(key) || topology.at(Math.floor(key / 0x10000), key % 0x10000) !== undefined);
    const isThere = (one: Plugged): boolean => {
      const start = this.slotOf(one);
      const { segmentHost } = one.description;
      return (
        (this.#functions.has(start) || this.#isolated.has(start)) &&
        (segmentHost === undefined || isKnown(keyAt(segmentHost)))
      );
    };
    // Buses are nested at most as deep as a segment has numbers for them.
    const visit = (place: Plugged | number, isMeant: boolean): void => {
      const here = children.get(place) ?? [];
      const meant = here.filter((one) => isMeant || this.#isOn(one, bus));
      for (const one of meant) if (!isKnown(one.key) && isThere(one)) found.set(one.key, one);
      for (const one of here) if (isKnown(one.key)) visit(one, meant.includes(one));
    };
    for (const root of this.#roots(children.keys())) visit(root, bus === undefined);
    return [...found.values()];
  }

  #isOn({ segment, rid }: Plugged, bus: PciBus | undefined): boolean {
    return bus !== undefined && segment === bus.segment && busOf(rid) === bus.number;
  }

  /** Root buses: those named in their order, then by number. */
  #roots(places: Iterable<Plugged | number>): number[] {
    const { rootBuses = [] } = this.#described;
    const keys = [...places].filter((place) => typeof place === 'number').sort((a, b) => a - b);
    const rank = (key: number): number => {
      const at = rootBuses.indexOf(formatBus(Math.floor(key / 0x100), key % 0x100));
      return at < 0 ? rootBuses.length : at;
    };
    return keys.sort((a, b) => rank(a) - rank(b));
  }
}
