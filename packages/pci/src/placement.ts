import { addressKey, busOf, tryParsePciAddress } from './address.js';
import type { PciFacts } from './pci-facts.js';
import type { PciFunction } from './pci-function.js';

/** A function that was read, placed or not. */
export interface FoundFunction {
  readonly description: PciFunction;
  readonly segment: number;
  readonly rid: number;
  readonly facts: PciFacts;
}

export const busKey = (segment: number, bus: number): number => segment * 0x100 + bus;

const BRIDGE_CLASS = 0x0604;

/** Where functions belong, from what they say of each other: bus numbers, stated parents, physical functions. */
export class Placement {
  readonly #found = new Map<number, FoundFunction>();
  /** Bridges by the bus behind them, and the other way round. */
  readonly #bridges = new Map<number, FoundFunction>();
  readonly #behind = new Map<FoundFunction, number>();
  /** Segments with a bridge of which it is not known where it leads. */
  readonly #openSegments = new Set<number>();

  /** All functions; a bridge that states no bus number is known by those that name it as their parent. */
  constructor(found: Iterable<FoundFunction>) {
    const stated: FoundFunction[] = [];
    for (const one of found) {
      this.#found.set(addressKey(one.segment, one.rid), one);
      this.#addBridge(one);
      if (one.description.parent) stated.push(one);
    }
    for (const one of stated) this.#addStatedBridge(one);
    for (const one of this.#found.values()) if (this.#leadsNowhere(one)) this.#openSegments.add(one.segment);
  }

  add(one: FoundFunction): void {
    this.#found.set(addressKey(one.segment, one.rid), one);
    this.#addBridge(one);
    this.#addStatedBridge(one);
  }

  remove(one: { readonly segment: number; readonly rid: number }): void {
    const key = addressKey(one.segment, one.rid);
    const found = this.#found.get(key);
    if (!found) return;
    this.#found.delete(key);
    const behind = this.#behind.get(found);
    if (behind === undefined) return;
    this.#behind.delete(found);
    this.#bridges.delete(behind);
  }

  #addBridge(one: FoundFunction): void {
    const { secondaryBus } = one.facts;
    if (secondaryBus !== undefined && secondaryBus > busOf(one.rid)) this.#link(one, secondaryBus);
  }

  #addStatedBridge(one: FoundFunction): void {
    const parent = this.get(one.description.parent);
    if (!parent || this.#behind.has(parent) || one.description.physicalFunction !== undefined) return;
    if (parent.segment === one.segment && busOf(one.rid) > busOf(parent.rid)) this.#link(parent, busOf(one.rid));
  }

  #link(bridge: FoundFunction, bus: number): void {
    const key = busKey(bridge.segment, bus);
    if (this.#bridges.has(key)) return;
    this.#bridges.set(key, bridge);
    this.#behind.set(bridge, key);
  }

  #leadsNowhere(one: FoundFunction): boolean {
    const { secondaryBus, headerType, classCode = 0 } = one.facts;
    if (secondaryBus !== undefined || this.#behind.has(one)) return false;
    return headerType === 1 || (headerType === undefined && classCode >>> 8 === BRIDGE_CLASS);
  }

  get(address: string | null | undefined): FoundFunction | undefined {
    const parsed = address ? tryParsePciAddress(address) : undefined;
    return parsed && this.#found.get(addressKey(parsed.segment, parsed.rid));
  }

  /** The bridge of which this bus is the secondary. */
  bridgeTo(key: number): FoundFunction | undefined {
    return this.#bridges.get(key);
  }

  /** The key of the bus behind a bridge. */
  busBehind(one: FoundFunction): number | undefined {
    return this.#behind.get(one);
  }

  /**
   * What the bus of a function hangs on when no bridge leads to it: the physical function of a virtual one, a stated
   * parent, or the innermost bridge around it. `unknown`: nothing says which bridge it is.
   */
  above(one: FoundFunction): { readonly above: FoundFunction | undefined; readonly unknown: boolean } {
    const { description, segment, rid } = one;
    const physical = this.get(description.physicalFunction);
    if (physical && busOf(physical.rid) !== busOf(rid)) return { above: physical, unknown: false };
    const parent = this.get(description.parent);
    if (parent) return { above: parent, unknown: false };
    if (description.parent === null) return { above: undefined, unknown: false };
    const around = this.#around(segment, busOf(rid));
    return { above: around, unknown: around !== undefined || (busOf(rid) !== 0 && this.#openSegments.has(segment)) };
  }

  #around(segment: number, bus: number): FoundFunction | undefined {
    let best: FoundFunction | undefined;
    for (const one of this.#bridges.values()) {
      const { secondaryBus = 0, subordinateBus = 0 } = one.facts;
      if (one.segment !== segment || secondaryBus > bus || subordinateBus < bus) continue;
      if (!best || secondaryBus > (best.facts.secondaryBus ?? 0)) best = one;
    }
    return best;
  }

  /** Whether another function that is not virtual shares the slot. */
  hasSibling({ segment, rid }: FoundFunction): boolean {
    for (let fn = 0; fn < 8; fn++) {
      const other = (rid & ~7) | fn;
      const sibling = other === rid ? undefined : this.#found.get(addressKey(segment, other));
      if (sibling && sibling.description.physicalFunction === undefined) return true;
    }
    return false;
  }

  /**
   * The order in which the kernel finds functions: each root bus slot by slot, then each bridge's bus in turn; virtual
   * functions when their drivers switch them on, after all others. A bridge always comes before what is behind it.
   *
   * @param order - Addresses in the order in which they were found, where known; functions not named come after.
   * @param rootBuses - Root buses (`0000:00`) in the order of their scan, where known; others come after, ascending.
   * @see Linux v6.1 drivers/pci/probe.c pci_scan_child_bus_extend()
   */
  scanOrder(order: readonly string[] = [], rootBuses: readonly string[] = []): FoundFunction[] {
    const byBus = new Map<number, FoundFunction[]>();
    for (const one of [...this.#found.values()].sort((a, b) => a.segment - b.segment || a.rid - b.rid)) {
      const key = busKey(one.segment, busOf(one.rid));
      const list = byBus.get(key);
      if (list) list.push(one);
      else byBus.set(key, [one]);
    }
    const scanned: FoundFunction[] = [];
    const virtual: FoundFunction[] = [];
    const visit = (key: number): void => {
      const here = byBus.get(key) ?? [];
      byBus.delete(key);
      for (const one of here) (one.description.physicalFunction === undefined ? scanned : virtual).push(one);
      for (const one of here) {
        const behind = this.#behind.get(one);
        if (behind !== undefined) visit(behind);
      }
    };
    for (const name of rootBuses) {
      const [segment = 0, bus = 0] = name.split(':').map((part) => Number.parseInt(part, 16));
      visit(busKey(segment, bus));
    }
    const keys = [...byBus.keys()];
    for (const key of keys) if (!this.#bridges.has(key)) visit(key);
    for (const key of keys) visit(key);
    return this.#parentsFirst([...this.#named(order), ...scanned, ...virtual]);
  }

  #named(order: readonly string[]): FoundFunction[] {
    return order.flatMap((address) => this.get(address) ?? []);
  }

  #parentsFirst(wanted: readonly FoundFunction[]): FoundFunction[] {
    const result = new Set<FoundFunction>();
    const open = new Set<FoundFunction>();
    const around = new Map<number, FoundFunction | undefined>();
    const bridgeAbove = (one: FoundFunction): FoundFunction | undefined => {
      const key = busKey(one.segment, busOf(one.rid));
      const bridge = this.bridgeTo(key) ?? this.get(one.description.parent);
      if (bridge) return bridge;
      if (!around.has(key)) around.set(key, this.above(one).above);
      return around.get(key);
    };
    const put = (one: FoundFunction): void => {
      if (result.has(one) || open.has(one)) return;
      open.add(one);
      const above = bridgeAbove(one);
      if (above) put(above);
      const physical = this.get(one.description.physicalFunction);
      if (physical) put(physical);
      const host = this.get(one.description.segmentHost);
      if (host) put(host);
      open.delete(one);
      result.add(one);
    };
    for (const one of wanted) put(one);
    return [...result];
  }
}
