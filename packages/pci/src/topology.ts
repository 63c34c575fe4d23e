import { IommuError } from '@iommu/core';
import { addressKey, busOf, formatBus, functionOf, parsePciAddress, slotOf, tryParsePciAddress } from './address.js';
import { PcieType } from './express.js';
import { isDownstreamPort, type PciBus, PciDevice, type Placeable } from './pci-device.js';
import type { PciFunction } from './pci-function.js';
import { busKey, Placement } from './placement.js';
import { quirkAliases } from './quirks/dma-aliases.js';
import { type KnownOrder, scanOrder } from './scan-order.js';
import type { PciSettings } from './settings.js';

/** A bus with what only the topology may touch. */
interface BusRecord extends PciBus {
  readonly devices: PciDevice[];
  hasAliases: boolean;
  virtual: readonly PciBus[];
}

const NO_BUSES: readonly PciBus[] = [];

const NOBODY: ReadonlySet<PciDevice> = new Set();

/** How a function came to be there. At boot the kernel scans whole slots before any IOMMU looks; hot-plug is one by one. */
export type Arrival = 'boot' | 'hot-plug';

/** What is known of where and when a kernel found the functions. */
export interface KnownPlaces extends KnownOrder {
  /** Where root buses (`0000:00`) stand below `/sys/devices`, when not at its top: `platform/4010000000.pcie`. */
  readonly rootParents?: Readonly<Record<string, string>>;
}

/**
 * The PCI functions of a machine on their buses.
 *
 * Built from descriptions in any order; {@link devices} is the order in which the kernel registers them.
 */
export class PciTopology {
  /** The object given to {@link build}, not a copy; a change of it counts for what has not been judged yet. */
  readonly settings: PciSettings;
  #placement = new Placement(new Map());
  readonly #buses = new Map<number, BusRecord>();
  readonly #devices = new Map<number, PciDevice>();
  readonly #hosted = new Map<PciDevice, PciBus[]>();
  readonly #rootParents: Readonly<Record<string, string>>;
  #epoch = 0;

  private constructor(settings: PciSettings, rootParents: Readonly<Record<string, string>>) {
    this.settings = settings;
    this.#rootParents = rootParents;
  }

  /**
   * Place the functions that are there at boot, in the order in which the kernel finds them.
   *
   * @param functions - Descriptions, in any order; each address once.
   * @throws IommuError `ERR_PCI_ADDRESS`, `ERR_PCI_DUPLICATE`
   */
  static build(functions: readonly PciFunction[], settings: PciSettings, known: KnownPlaces = {}): PciTopology {
    const topology = new PciTopology(settings, known.rootParents ?? {});
    const found = new Map<number, PciDevice>();
    for (const description of functions) {
      const device = new PciDevice(topology, description, parsePciAddress(description.address));
      if (found.has(device.key)) throw duplicate(description);
      found.set(device.key, device);
    }
    const placement = new Placement(found);
    topology.#placement = placement;
    for (const device of scanOrder(found.values(), placement, known)) topology.#placeFromAbove(device);
    placement.lookIn(topology.#devices);
    for (const device of topology.#devices.values()) settleMultifunction(device);
    return topology;
  }

  /** Whether anything judged so far had to be supposed, for want of a fact. */
  get hasUnknown(): boolean {
    for (const { verdict, pciBus, express, isBridge } of this.#devices.values()) {
      if (verdict?.unknown !== undefined || pciBus.parentUnknown || (express === undefined && isBridge)) return true;
    }
    return false;
  }

  /** The functions in the order of their registration. */
  get devices(): readonly PciDevice[] {
    return [...this.#devices.values()];
  }

  /**
   * A function by its address; `undefined`: there is none.
   *
   * @param address - `DDDD:BB:DD.F` or `BB:DD.F`
   */
  find(address: string): PciDevice | undefined {
    const parsed = tryParsePciAddress(address);
    return parsed && this.#devices.get(addressKey(parsed.segment, parsed.rid));
  }

  /** Every bus that functions were found on or a bridge leads to. A root bus stays when all on it is gone. */
  get buses(): Iterable<PciBus> {
    return this.#buses.values();
  }

  /** A bus by its number; `undefined`: nothing was found on it, and no bridge leads to it. */
  bus(segment: number, number: number): PciBus | undefined {
    return this.#buses.get(busKey(segment, number));
  }

  /** Root buses of the segments that an endpoint hosts (VMD). */
  hostedBy(device: PciDevice): readonly PciBus[] {
    return this.#hosted.get(device) ?? NO_BUSES;
  }

  /** A function by its requester id; `undefined`: there is none. */
  at(segment: number, rid: number): PciDevice | undefined {
    return this.#devices.get(addressKey(segment, rid));
  }

  /** The function with this number on the same bus. */
  neighbour(device: PciDevice, devfn: number): PciDevice | undefined {
    return this.at(device.segment, (device.rid & 0xff00) | devfn);
  }

  /** Counts changes, from 0 on: what was concluded from the topology holds as long as this is the same. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * A function is plugged in. Its multifunction bit is what its header says until {@link settle}: an IOMMU that looks
   * in between sees just that.
   *
   * @throws IommuError `ERR_PCI_ADDRESS`, `ERR_PCI_DUPLICATE`
   */
  add(description: PciFunction): PciDevice {
    const device = new PciDevice(this, description, parsePciAddress(description.address));
    if (this.#devices.has(device.key)) throw duplicate(description);
    this.#epoch++;
    this.#placement.add(device);
    this.#place(device, 'hot-plug');
    return device;
  }

  /** The scan of the slot goes on: a function above 0 counts as one of several from now on. */
  settle(device: PciDevice): void {
    settleMultifunction(device);
    this.#epoch++;
  }

  /** A function is gone; so must be all behind it before. @throws IommuError `ERR_DEVICE_UNKNOWN` */
  remove(device: PciDevice): void {
    if (this.#devices.get(device.key) !== device) {
      throw new IommuError('ERR_DEVICE_UNKNOWN', `${device.name} is not part of this topology`);
    }
    this.#epoch++;
    this.#placement.remove(device);
    this.#devices.delete(device.key);
    const bus = device.pciBus as BusRecord;
    bus.devices.splice(bus.devices.indexOf(device), 1);
    bus.hasAliases = bus.devices.some(({ aliases }) => aliases.length > 0);
    for (const lost of this.hostedBy(device)) this.#forget(lost);
    this.#hosted.delete(device);
    if (device.subordinate) this.#forget(device.subordinate);
    const { parent } = bus as { parent: BusRecord | undefined };
    if (bus.self || bus.devices.length > 0 || !(parent || bus.parentUnknown)) return;
    this.#forget(bus);
    if (parent) parent.virtual = parent.virtual.filter((other) => other !== bus);
  }

  #forget({ segment, number }: PciBus): void {
    this.#buses.delete(busKey(segment, number));
  }

  /** Place a function, and before it all that it hangs on; one that hangs on itself as if it did not. */
  #placeFromAbove(device: PciDevice): void {
    if (device.isPlaced) return;
    // Nearly always nothing is missing: nothing is made for it then.
    if (!this.#placement.missingFor(device, NOBODY)) {
      this.#place(device, 'boot');
      return;
    }
    const waiting = new Set([device]);
    const chain = [device];
    for (let last = chain.at(-1); last; last = chain.at(-1)) {
      const missing = this.#placement.missingFor(last, waiting);
      if (missing) {
        waiting.add(missing);
        chain.push(missing);
      } else {
        this.#place(last, 'boot');
        chain.pop();
      }
    }
  }

  #place(device: Placeable, arrival: Arrival): void {
    const { description, segment, rid, facts } = device;
    const physical = description.physicalFunction;
    const pciBus = this.#bus(device);
    device.pciBus = pciBus;
    device.arrival = arrival === 'boot' && this.#devices.size === 0 ? 'first' : arrival;
    device.express = correctedType(facts.express, pciBus.self);
    device.multifunction =
      physical === undefined && (facts.multifunction ?? (arrival === 'boot' && this.#placement.hasSibling(device)));
    device.physicalFunction = physical === undefined ? undefined : this.find(physical);
    device.aliases = quirkAliases(facts, rid, this.settings.kernel);
    pciBus.devices.push(device);
    if (device.aliases.length > 0) pciBus.hasAliases = true;
    this.#devices.set(device.key, device);
    const behind = this.#placement.busBehind(device);
    if (behind !== undefined)
      device.subordinate = this.#newBus({ segment, number: behind & 0xff, self: device, parent: pciBus });
  }

  #newBus(bus: Pick<PciBus, 'segment' | 'number' | 'self' | 'parent'> & Partial<PciBus>): BusRecord {
    const record: BusRecord = {
      host: undefined,
      parentUnknown: false,
      parentPath: undefined,
      ...bus,
      devices: [],
      hasAliases: false,
      virtual: NO_BUSES,
    };
    this.#buses.set(busKey(bus.segment, bus.number), record);
    const { parent, self, host } = record;
    if (parent && !self) (parent as BusRecord).virtual = [...parent.virtual, record];
    if (host) this.#hosted.set(host, [...this.hostedBy(host), record]);
    return record;
  }

  /** The bus of a function; one without a bridge is made when the first function on it is placed. */
  #bus(device: PciDevice): BusRecord {
    const { segment, rid, description } = device;
    const known = this.#buses.get(busKey(segment, busOf(rid)));
    if (known) return known;
    const { above, unknown } = this.#placement.above(device);
    const bridge = above && this.at(above.segment, above.rid);
    const parent = bridge && (bridge.subordinate ?? bridge.pciBus);
    const host = parent || !description.segmentHost ? undefined : this.find(description.segmentHost);
    return this.#newBus({
      segment,
      number: busOf(rid),
      self: undefined,
      parent,
      parentUnknown: unknown,
      host: host && isHosted(host) ? undefined : host,
      parentPath: parent ? undefined : this.#rootParents[formatBus(segment, busOf(rid))],
    });
  }
}

/** Whether a function is in a segment that an endpoint hosts: such a one hosts no other. */
const isHosted = (device: PciDevice): boolean => {
  let bus = device.pciBus;
  while (bus.parent) bus = bus.parent;
  return bus.host !== undefined;
};

const duplicate = ({ address }: PciFunction): IommuError =>
  new IommuError('ERR_PCI_DUPLICATE', `${address} is there twice; expected each function once`);

/** @see Linux v6.1 drivers/pci/probe.c pci_scan_slot(), pci_iov_add_virtfn() */
const settleMultifunction = (device: Placeable): void => {
  if (device.isVirtualFunction) return;
  const ari = isDownstreamPort(device.pciBus.self?.express) && slotOf(device.rid) > 0;
  if (functionOf(device.rid) > 0 || ari) device.multifunction = true;
};

/**
 * A switch port that contradicts its place is re-typed.
 *
 * @see Linux v6.1 drivers/pci/probe.c set_pcie_port_type()
 */
const correctedType = (type: number | null | undefined, above: PciDevice | undefined): number | null | undefined => {
  if (type === PcieType['downstream-port'] && above && isDownstreamPort(above.express))
    return PcieType['upstream-port'];
  if (type === PcieType['upstream-port'] && above?.express === PcieType['upstream-port'])
    return PcieType['downstream-port'];
  return type;
};

/** Names of the root buses, ascending: for messages. */
export const rootBusNames = (topology: PciTopology): string[] => {
  const roots = new Set<string>();
  for (const { pciBus } of topology.devices) if (!pciBus.parent) roots.add(formatBus(pciBus.segment, pciBus.number));
  return [...roots].sort();
};
