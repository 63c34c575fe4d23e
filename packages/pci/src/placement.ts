import { addressKey, busOf, tryParsePciAddress } from './address.js';
import type { PciDevice } from './pci-device.js';

export const busKey = (segment: number, bus: number): number => segment * 0x100 + bus;

const BRIDGE_CLASS = 0x0604;

/** Where functions belong, from what they say of each other: bus numbers, stated parents, physical functions. */
export class Placement {
  /** All functions, placed or not. */
  #functions: ReadonlyMap<number, PciDevice>;
  /** Bridges by the bus behind them, and the other way round. */
  readonly #bridges = new Map<number, PciDevice>();
  readonly #behind = new Map<PciDevice, number>();
  /** Segments with a bridge of which it is not known where it leads. */
  readonly #openSegments = new Set<number>();
  /** Answers of {@link #around} by the key of the bus, for as long as no bridge comes or goes. */
  readonly #enclosing = new Map<number, PciDevice | undefined>();

  /** @param functions - By their keys. A bridge that states no bus number is known by those that name it as parent. */
  constructor(functions: ReadonlyMap<number, PciDevice>) {
    this.#functions = functions;
    for (const one of functions.values()) this.#addBridge(one);
    for (const one of functions.values()) this.#addStatedBridge(one);
    for (const one of functions.values()) if (this.#leadsNowhere(one)) this.#openSegments.add(one.segment);
  }

  /** From now on the functions are looked up there. */
  lookIn(functions: ReadonlyMap<number, PciDevice>): void {
    this.#functions = functions;
  }

  add(one: PciDevice): void {
    this.#addBridge(one);
    this.#addStatedBridge(one);
  }

  remove(one: PciDevice): void {
    const behind = this.#behind.get(one);
    if (behind === undefined) return;
    this.#behind.delete(one);
    this.#bridges.delete(behind);
    this.#enclosing.clear();
  }

  #addBridge(one: PciDevice): void {
    const { secondaryBus } = one.facts;
    if (secondaryBus !== undefined && secondaryBus > busOf(one.rid)) this.#link(one, secondaryBus);
  }

  #addStatedBridge(one: PciDevice): void {
    if (!one.description.parent || one.isVirtualFunction || this.#bridges.has(busKey(one.segment, busOf(one.rid))))
      return;
    const parent = this.statedParent(one);
    if (parent && !this.#behind.has(parent) && busOf(one.rid) > busOf(parent.rid)) this.#link(parent, busOf(one.rid));
  }

  #link(bridge: PciDevice, bus: number): void {
    const key = busKey(bridge.segment, bus);
    if (this.#bridges.has(key)) return;
    this.#bridges.set(key, bridge);
    this.#behind.set(bridge, key);
    this.#enclosing.clear();
  }

  #leadsNowhere(one: PciDevice): boolean {
    const { secondaryBus, headerType, classCode = 0 } = one.facts;
    if (secondaryBus !== undefined || this.#behind.has(one)) return false;
    return headerType === 1 || (headerType === undefined && classCode >>> 8 === BRIDGE_CLASS);
  }

  /** The function with this address. */
  get(address: string | null | undefined): PciDevice | undefined {
    const parsed = address ? tryParsePciAddress(address) : undefined;
    return parsed && this.#functions.get(addressKey(parsed.segment, parsed.rid));
  }

  /** The bridge that a function names; one of another segment is none. */
  statedParent(one: PciDevice): PciDevice | undefined {
    const parent = this.get(one.description.parent);
    return parent?.segment === one.segment ? parent : undefined;
  }

  /** The key of the bus behind a bridge. */
  busBehind(one: PciDevice): number | undefined {
    return this.#behind.get(one);
  }

  /**
   * What the bus of a function hangs on when no bridge leads to it: the physical function of a virtual one, a stated
   * parent, or the innermost bridge around it. `unknown`: nothing says which bridge it is.
   */
  above(one: PciDevice): { readonly above: PciDevice | undefined; readonly unknown: boolean } {
    const { description, segment, rid } = one;
    const physical = this.get(description.physicalFunction);
    if (physical?.segment === segment && busOf(physical.rid) !== busOf(rid)) return { above: physical, unknown: false };
    const parent = this.statedParent(one);
    if (parent) return { above: parent, unknown: false };
    if (description.parent === null) return { above: undefined, unknown: false };
    const around = this.#around(segment, busOf(rid));
    return { above: around, unknown: around !== undefined || (busOf(rid) !== 0 && this.#openSegments.has(segment)) };
  }

  #around(segment: number, bus: number): PciDevice | undefined {
    const key = busKey(segment, bus);
    if (!this.#enclosing.has(key)) this.#enclosing.set(key, this.#searchAround(segment, bus));
    return this.#enclosing.get(key);
  }

  #searchAround(segment: number, bus: number): PciDevice | undefined {
    for (let secondary = bus; secondary >= 0; secondary--) {
      const bridge = this.#bridges.get(busKey(segment, secondary));
      if (bridge?.facts.secondaryBus === secondary && (bridge.facts.subordinateBus ?? 0) >= bus) return bridge;
    }
    return undefined;
  }

  /**
   * What must be placed before a function and is not: the bridge above, its physical function, the host of its segment.
   *
   * @param except - Not to be named, because they wait for this function themselves.
   */
  missingFor(one: PciDevice, except: ReadonlySet<PciDevice>): PciDevice | undefined {
    const { physicalFunction, segmentHost } = one.description;
    const isMissing = (need: PciDevice | undefined) =>
      need !== undefined && need !== one && !need.isPlaced && !except.has(need);
    const bridge = this.#bridges.get(busKey(one.segment, busOf(one.rid))) ?? this.above(one).above;
    if (isMissing(bridge)) return bridge;
    const physical = this.get(physicalFunction);
    if (isMissing(physical)) return physical;
    const host = this.get(segmentHost);
    return isMissing(host) ? host : undefined;
  }

  /** Whether another function that is not virtual shares the slot. */
  hasSibling({ segment, rid }: PciDevice): boolean {
    for (let fn = 0; fn < 8; fn++) {
      const other = (rid & ~7) | fn;
      const sibling = other === rid ? undefined : this.#functions.get(addressKey(segment, other));
      if (sibling && !sibling.isVirtualFunction) return true;
    }
    return false;
  }
}
