import type { Device } from '@iommu/core';
import { isPciDevice, type PciBus, type PciDevice } from '@iommu/pci';
import type { Tell } from './changes.js';
import { busName, busObjectPath, hasBus } from './pci-bus.js';
import { virtualFunctionNumber } from './pci-sriov.js';
import { PlaceChanges } from './place-changes.js';
import { devicePath, type Sys } from './sys.js';

const classOfBus = (bus: PciBus): string => `class/pci_bus/${busName(bus)}`;

/** Buses of virtual functions have no bridge, and come and go with what is on them. */
const isVirtual = ({ self, parent }: PciBus): boolean => !self && parent !== undefined;

/** Paths that come and go with devices: their own, those of their buses, and the links to them. */
export class DeviceChanges {
  readonly #sys: Sys;
  readonly #tell: Tell;
  readonly #places: PlaceChanges;
  readonly #rootBuses = new Set<PciBus>();
  /** Devices that were not found at boot, and that were told of. */
  readonly #late = new WeakSet<Device>();

  constructor(sys: Sys, tell: Tell) {
    this.#sys = sys;
    this.#tell = tell;
    this.#places = new PlaceChanges(sys);
    for (const bus of sys.running.topology.buses) if (!bus.parent) this.#rootBuses.add(bus);
    for (const device of sys.running.devices) if (!this.isKnown(device)) this.#late.add(device);
  }

  /** Whether its directory is there for whoever listens: one that comes is grouped before it is told of. */
  isKnown(device: Device): boolean {
    return (isPciDevice(device) && device.arrival !== 'hot-plug') || this.#late.has(device);
  }

  /** Something that is no PCI function came or went. */
  moved(): void {
    const { removed, added } = this.#places.next();
    this.#tell('removed', ...removed);
    this.#tell('added', ...added);
  }

  added(device: Device): void {
    this.#late.add(device);
    if (isPciDevice(device)) this.#functionAdded(device);
    else this.moved();
  }

  #functionAdded(device: PciDevice): void {
    const { pciBus, subordinate } = device;
    if (!pciBus.parent && !this.#rootBuses.has(pciBus)) this.#rootBusAdded(pciBus);
    else {
      if (isVirtual(pciBus) && pciBus.devices.length === 1)
        this.#tell('added', busObjectPath(pciBus), classOfBus(pciBus));
      this.#tell('added', devicePath(device));
    }
    this.#tell('added', `bus/pci/devices/${device.name}`);
    if (subordinate) this.#tell('added', classOfBus(subordinate));
    this.#virtualLink('added', device);
  }

  /** A host bridge, with the function that showed it. */
  #rootBusAdded(bus: PciBus): void {
    this.#rootBuses.add(bus);
    this.moved();
    this.#tell('added', classOfBus(bus));
    const { host } = bus;
    if (host && host.topology.hostedBy(host)[0] === bus) this.#tell('added', `${devicePath(host)}/domain`);
  }

  removed(device: Device): void {
    this.#late.delete(device);
    if (isPciDevice(device)) this.#functionRemoved(device);
    else this.moved();
  }

  #functionRemoved(device: PciDevice): void {
    const { pciBus, subordinate } = device;
    this.#tell('removed', devicePath(device), `bus/pci/devices/${device.name}`);
    if (subordinate) this.#tell('removed', classOfBus(subordinate));
    this.#virtualLink('removed', device);
    const isGone = (bus: PciBus) => !hasBus(this.#sys, bus);
    if (isVirtual(pciBus) && isGone(pciBus)) this.#tell('removed', busObjectPath(pciBus), classOfBus(pciBus));
    const lost = [...this.#rootBuses].filter(isGone);
    for (const bus of lost) {
      this.#rootBuses.delete(bus);
      this.#tell('removed', classOfBus(bus));
    }
    if (lost.length > 0) this.moved();
  }

  #virtualLink(type: 'added' | 'removed', one: PciDevice): void {
    const { physicalFunction } = one;
    const number = virtualFunctionNumber(one, this.#sys);
    if (physicalFunction && number !== undefined) this.#tell(type, `${devicePath(physicalFunction)}/virtfn${number}`);
  }
}
