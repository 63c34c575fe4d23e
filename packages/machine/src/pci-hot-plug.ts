import { type Device, type Iommu, IommuError } from '@iommu/core';
import { isPciDevice, type PciBus, type PciDevice, type PciTopology } from '@iommu/pci';
import { type Hardware, type Plugged, plugged } from './hardware.js';
import type { DriverCore } from './kernel-drivers/driver-core.js';
import { isToldOfDevices } from './kernel-drivers/registered-driver.js';
import type { MachinePciFunction } from './machine.js';
import type { MachineEvent } from './machine-events.js';
import { pciFunction } from './pci-function.js';
import type { ProbeLog } from './probe-log.js';

/** @internal */
export interface PciHotPlugParts {
  readonly topology: PciTopology;
  readonly iommu: Iommu;
  readonly drivers: DriverCore;
  readonly hardware: Hardware;
  readonly probes: ProbeLog;
  readonly emit: (event: MachineEvent) => void;
  /** A driver is there for such devices, as if it had been loaded for this one. */
  readonly load: (driver: string, device: PciDevice) => void;
  /** Virtual functions of the device are no more. */
  readonly forgetVfs: (device: PciDevice) => void;
}

/** PCI functions that come and go, as hardware and as devices of the kernel. */
export class PciHotPlug {
  readonly #parts: PciHotPlugParts;
  /** Keys of functions that were plugged in and never registered. */
  readonly #fresh = new Set<number>();

  constructor(parts: PciHotPlugParts) {
    this.#parts = parts;
  }

  /**
   * Register one function: it is placed, grouped, and then counts as one of several.
   *
   * @throws IommuError `ERR_PCI_*`, `ERR_DRIVER_CONTRACT`, with everything undone
   * @see Linux v6.1 drivers/pci/probe.c pci_device_add()
   */
  register(description: MachinePciFunction): PciDevice {
    const { topology, iommu, emit } = this.#parts;
    const device = topology.add(pciFunction(description));
    try {
      iommu.addDevice(device);
    } catch (error) {
      topology.remove(device);
      throw error;
    }
    topology.settle(device);
    emit({ type: 'device-added', device });
    return device;
  }

  /** All of what is plugged in and not known, or nothing. */
  #registerAll(missing: readonly Plugged[]): PciDevice[] {
    const added: PciDevice[] = [];
    try {
      for (const { description } of missing) added.push(this.register(description));
    } catch (error) {
      for (const device of added.reverse()) this.#destroy(device);
      throw error;
    }
    return added;
  }

  /** Drivers are probed when all functions are there. @see Linux v6.1 drivers/pci/bus.c pci_bus_add_devices() */
  #arrive(added: readonly PciDevice[]): PciDevice[] {
    for (const device of added) {
      const { driver } = device.description;
      // What is described as bound to a driver has one, which is loaded when the device first comes.
      if (this.#fresh.delete(device.key) && driver && !isToldOfDevices(driver)) this.#parts.load(driver, device);
      this.#parts.drivers.arrive(device);
    }
    return [...added];
  }

  /** @see RunningMachine.rescan */
  rescan(bus?: PciBus): PciDevice[] {
    const { hardware, topology } = this.#parts;
    return this.#arrive(this.#registerAll(hardware.missing(topology, bus)));
  }

  /** @see RunningMachine.plug */
  plug(functions: readonly MachinePciFunction[], notify: boolean): PciDevice[] {
    const { hardware } = this.#parts;
    const parts = functions.map(plugged);
    const virtual = parts.find(({ description }) => description.physicalFunction !== undefined);
    if (virtual) {
      throw new IommuError('ERR_MACHINE', `${virtual.description.address} is a virtual function: setVfs() makes those`);
    }
    const done: Plugged[] = [];
    let added: PciDevice[];
    try {
      for (const one of parts) {
        hardware.add(one);
        done.push(one);
      }
      added = notify ? this.#registerAll(this.#inSlotsOf(parts)) : [];
    } catch (error) {
      for (const one of done) hardware.delete(one);
      throw error;
    }
    for (const { key } of parts) this.#fresh.add(key);
    return this.#arrive(added);
  }

  /** What a look at the slots of some functions finds, and all behind that. @see Linux v6.1 drivers/pci/hotplug/pciehp_pci.c pciehp_configure_device() */
  #inSlotsOf(parts: readonly Plugged[]): Plugged[] {
    const { hardware, topology } = this.#parts;
    const slots = new Set(parts.map((one) => hardware.slotOf(one)));
    const meant = new Set<Plugged>();
    for (const one of hardware.missing(topology)) {
      const above = hardware.above(one);
      const isReached = above === undefined || meant.has(above) || topology.at(above.segment, above.rid) !== undefined;
      if (isReached && (slots.has(hardware.slotOf(one)) || (above && meant.has(above)))) meant.add(one);
    }
    return [...meant];
  }

  /** @see RunningMachine.addPciFunction */
  add(description: MachinePciFunction): PciDevice {
    const { hardware, topology } = this.#parts;
    const one = plugged(description);
    const before = topology.find(description.address) ? undefined : hardware.find(description.address);
    if (before) hardware.delete(before);
    try {
      hardware.add(one);
      this.#registerAll([one]);
    } catch (error) {
      if (hardware.find(description.address) === one) hardware.delete(one);
      if (before) hardware.add(before);
      throw error;
    }
    return topology.at(one.segment, one.rid) as PciDevice;
  }

  /** @see RunningMachine.unplug */
  unplug(what: Device | string): void {
    const { hardware, topology } = this.#parts;
    const name = typeof what === 'string' ? what : what.name;
    const one = hardware.find(name);
    const device = typeof what === 'string' ? topology.find(name) : what;
    if (!one || (device && topology.find(name) !== device)) {
      throw new IommuError('ERR_DEVICE_UNKNOWN', `'${name}' is not plugged in`);
    }
    const behind = hardware.behind(one);
    if (device && isPciDevice(device)) {
      for (const other of topology.devices) if (other.physicalFunction === device) this.remove(other);
      this.remove(device);
    }
    for (const other of [one, ...behind]) {
      hardware.delete(other);
      this.#fresh.delete(other.key);
    }
  }

  /**
   * A device and all behind it go: first drivers let go, of what is behind before what is above and the last first, then
   * devices leave, again those behind before. Virtual functions go with the driver of their physical one; if it has none,
   * they stay.
   *
   * @see Linux v6.1 drivers/pci/remove.c pci_stop_and_remove_bus_device()
   */
  remove(device: PciDevice): void {
    if (!this.#isThere(device)) {
      throw new IommuError('ERR_DEVICE_UNKNOWN', `${device.name} was never added, or was removed`);
    }
    this.#stop(device);
    this.#destroy(device);
  }

  /** What is behind may take each other along: virtual functions go with a driver. */
  #isThere(device: PciDevice): boolean {
    return this.#parts.topology.at(device.segment, device.rid) === device;
  }

  #stop(device: PciDevice): void {
    for (const behind of this.#behind(device).reverse()) if (this.#isThere(behind)) this.#stop(behind);
    this.#parts.drivers.release(device);
  }

  #destroy(device: PciDevice): void {
    const { topology, iommu, drivers, probes, emit, forgetVfs } = this.#parts;
    for (const behind of this.#behind(device)) if (this.#isThere(behind)) this.#destroy(behind);
    forgetVfs(device);
    try {
      iommu.removeDevice(device);
    } finally {
      topology.remove(device);
      drivers.forget(device);
      probes.delete(device);
      emit({ type: 'device-removed', device });
    }
  }

  /** The bus behind a bridge, with the buses of virtual functions beside it; the segment that an endpoint hosts. */
  #behind(device: PciDevice): PciDevice[] {
    const { subordinate } = device;
    const goes = ({ pciBus }: PciDevice): boolean =>
      pciBus.host === device ||
      (subordinate !== undefined && (pciBus === subordinate || (pciBus.parent === subordinate && !pciBus.self)));
    return this.#parts.topology.devices.filter(goes);
  }
}
