import type { Device } from '@iommu/core';
import type { AcsPath, AcsVerdict } from './acs.js';
import { addressKey, formatBus, formatPciAddress, type PciAddress, type RequesterId } from './address.js';
import { PcieType } from './express.js';
import { factsOf, type PciFacts } from './pci-facts.js';
import type { PciFunction } from './pci-function.js';
import type { PciTopology } from './topology.js';

/** A bus: the functions on it, and the bridge that leads to it. */
export interface PciBus {
  /** That of every function on it; as in `PciAddress`. */
  readonly segment: number;
  /** 0 to 255, unique in the segment. */
  readonly number: number;
  /** The bridge to it. `undefined` on a root bus, and on a virtual bus that holds virtual functions only. */
  readonly self: PciDevice | undefined;
  /** The bus above; `undefined` makes it a root bus. */
  readonly parent: PciBus | undefined;
  /** The functions on it, in the order of their registration. */
  readonly devices: readonly PciDevice[];
  /** The endpoint below which the root bus of a segment of its own stands (VMD). */
  readonly host: PciDevice | undefined;
  /** Below `/sys/devices`, the device that a root bus belongs to: `platform/4010000000.pcie`. */
  readonly parentPath: string | undefined;
  /** Nothing in the input says which bridge leads here. */
  readonly parentUnknown: boolean;
  /** Whether a quirk gives any function on it a further requester id. */
  readonly hasAliases: boolean;
  /** Buses beside it that hold virtual functions only: they have no bridge of their own. */
  readonly virtual: readonly PciBus[];
}

/** Brand of a PCI device, the same in every copy of this package. */
const brand: unique symbol = Symbol.for('iommu.pci-device') as never;

/** Where a function is before it is placed. */
const NOWHERE: PciBus = {
  segment: -1,
  number: -1,
  self: undefined,
  parent: undefined,
  devices: [],
  host: undefined,
  parentUnknown: true,
  parentPath: undefined,
  hasAliases: false,
  virtual: [],
};

const NO_ALIASES: readonly number[] = [];

/** A function in its topology. Made by {@link PciTopology}. */
export class PciDevice implements Device {
  /** The kernel's type of bus; the PCI bus that it sits on is `pciBus`. */
  readonly bus = 'pci';
  /** What `isPciDevice()` looks for: `Symbol.for('iommu.pci-device')`, the same in every copy of this package. */
  readonly [brand] = true;
  /** The one that made it, also after it was removed from there. */
  readonly topology: PciTopology;
  /** What it was made from: the caller's own object, not a copy. */
  readonly description: PciFunction;
  /** Read once, when the device was made: later changes of the description do not show. */
  readonly facts: PciFacts;
  /** 0 to 0xffffffff; from `FIRST_HOSTED_SEGMENT` on, one that a host such as VMD made. */
  readonly segment: number;
  /** Its own; which ones its DMA carries at the IOMMU is told by `forEachDmaAlias()`. */
  readonly rid: RequesterId;
  /** Live; after it was removed, the bus that it was on. */
  readonly pciBus: PciBus = NOWHERE;
  /** The bus behind a bridge. */
  readonly subordinate: PciBus | undefined = undefined;
  /** Type of the PCI Express capability after the kernel's corrections; `null` none; `undefined` unknown. */
  readonly express: number | null | undefined = undefined;
  /** As the kernel has it at this moment: the header's bit, or set because of the function number. */
  readonly multifunction: boolean = false;
  /** Of a virtual function; `undefined`: it is none, or that function was not there when this one was placed. */
  readonly physicalFunction: PciDevice | undefined = undefined;
  /** When it was found: before all others, with those that are there at boot, or later. */
  readonly arrival: 'first' | 'boot' | 'hot-plug' = 'boot';
  /** Function numbers (bits 7:0 of a requester id) on its own bus that its DMA may carry too, ascending. */
  readonly aliases: readonly number[] = NO_ALIASES;
  /** @internal Judged once per state of the topology. */
  verdict: AcsVerdict | undefined = undefined;
  /** @internal */
  path_: AcsPath | undefined = undefined;
  /** @internal */
  epoch = -1;

  /** @internal */
  constructor(topology: PciTopology, description: PciFunction, { segment, rid }: PciAddress) {
    this.topology = topology;
    this.description = description;
    this.facts = factsOf(description);
    this.segment = segment;
    this.rid = rid;
  }

  /** `0000:00:1f.3` */
  get name(): string {
    return formatPciAddress(this);
  }

  /** `pci0000:00/0000:00:1c.0/0000:01:00.0` */
  get path(): string {
    return `${busPath(this.pciBus)}/${this.name}`;
  }

  /** @internal Whether it has its bus. */
  get isPlaced(): boolean {
    return this.pciBus !== NOWHERE;
  }

  /** `false` also where the description does not say. */
  get untrusted(): boolean {
    return this.description.untrusted === true;
  }

  /** Segment and requester id in one number, as of `addressKey()`. */
  get key(): number {
    return addressKey(this.segment, this.rid);
  }

  /** Slot and function: bits 7:0 of the requester id. */
  get devfn(): number {
    return this.rid & 0xff;
  }

  /** Whether it has a bus behind it, or a header that says so. */
  get isBridge(): boolean {
    return this.subordinate !== undefined || this.facts.headerType === 1 || this.facts.headerType === 2;
  }

  /** Whether it is a virtual function of SR-IOV. */
  get isVirtualFunction(): boolean {
    return this.description.physicalFunction !== undefined;
  }
}

/** @internal A function as its topology sees it, which alone may change it. */
export type Placeable = { -readonly [K in keyof PciDevice]: PciDevice[K] };

/** Below `/sys/devices`, the directory that holds the functions of a bus: its bridge's, or `pci0000:00`. */
export const busPath = (bus: PciBus): string => {
  if (bus.self) return bus.self.path;
  if (bus.parent) return busPath(bus.parent);
  const root = `pci${formatBus(bus.segment, bus.number)}`;
  if (bus.host) return `${bus.host.path}/${root}`;
  return bus.parentPath === undefined ? root : `${bus.parentPath}/${root}`;
};

/** Whether a device of core is a PCI device of any copy of this package. */
export const isPciDevice = (device: Device): device is PciDevice => (device as Partial<PciDevice>)[brand] === true;

/** Root ports, and both ends of a switch: bridges that forward requester ids unchanged. */
export const isPciePort = (express: number | null | undefined): boolean =>
  express === PcieType['root-port'] || express === PcieType['upstream-port'] || express === PcieType['downstream-port'];

/** A port with a link below it. @see Linux v6.1 drivers/pci/pci.h pcie_downstream_port() */
export const isDownstreamPort = (express: number | null | undefined): boolean =>
  express === PcieType['root-port'] ||
  express === PcieType['downstream-port'] ||
  express === PcieType['pci-to-pcie-bridge'];

/**
 * The device whose requester id the function's DMA carries: itself, or since 5.6 the endpoint that hosts its segment.
 *
 * @see Linux v6.1 arch/x86/pci/common.c pci_real_dma_dev()
 */
export const realDmaDevice = (device: PciDevice): PciDevice => {
  if (device.segment < FIRST_HOSTED_SEGMENT || !device.topology.settings.kernel.has('5.6')) return device;
  let bus = device.pciBus;
  while (bus.parent) bus = bus.parent;
  return bus.host ?? device;
};

/** Linux gives segments from here on to hosts that make their own, such as VMD. */
export const FIRST_HOSTED_SEGMENT = 0x10000;
