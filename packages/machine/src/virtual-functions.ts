import { type Device, refused } from '@iommu/core';
import {
  busOf,
  formatPciAddress,
  isPciDevice,
  type PciDevice,
  type PciTopology,
  parsePciAddress,
  type SriovRegisters,
} from '@iommu/pci';
import type { DriverCore } from './kernel-drivers/driver-core.js';
import { isSet } from './kernel-drivers/module-parameters.js';
import { SRIOV_DRIVERS } from './kernel-drivers/sriov-drivers.js';
import type { MachinePciFunction } from './machine.js';
import type { MachineEvent } from './machine-events.js';
import type { PciHotPlug } from './pci-hot-plug.js';
import { virtualFunction } from './virtual-function.js';

/** What the SR-IOV capability of a function says, as far as it concerns where its virtual functions are. */
type Placing = Pick<SriovRegisters, 'totalVfs' | 'offset' | 'stride' | 'deviceId'>;

/** The files `sriov_*` of a physical function. */
export interface SriovState extends Placing {
  /** `sriov_numvfs`: how many were switched on; removing one does not change it. */
  readonly numVfs: number;
  /** `sriov_totalvfs`: how many the hardware has, or fewer, as the bound driver wants it. */
  readonly totalVfs: number;
  /** `sriov_drivers_autoprobe`: whether drivers are probed for virtual functions without `driver_override`. */
  readonly driversAutoprobe: boolean;
}

/** @internal */
export interface VirtualFunctionsParts {
  readonly topology: PciTopology;
  readonly drivers: DriverCore;
  readonly hotPlug: PciHotPlug;
  readonly emit: (event: MachineEvent) => void;
  /** Of the description. */
  readonly virtual: readonly MachinePciFunction[];
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** The virtual functions of physical ones: how many are on, and what they are when they come. */
export class VirtualFunctions {
  readonly #parts: VirtualFunctionsParts;
  /** By physical function; what is not here has none. */
  readonly #counts = new Map<Device, number>();
  readonly #noAutoprobe = new Set<Device>();
  /** Of physical functions in the description, by address: their virtual ones, ascending. */
  readonly #described = new Map<string, MachinePciFunction[]>();

  constructor(parts: VirtualFunctionsParts) {
    this.#parts = parts;
    for (const { physicalFunction } of parts.topology.devices) {
      if (physicalFunction) this.#counts.set(physicalFunction, this.countOf(physicalFunction) + 1);
    }
    for (const fn of parts.virtual) {
      const physical = formatPciAddress(parsePciAddress(fn.physicalFunction ?? ''));
      this.#described.set(physical, [...(this.#described.get(physical) ?? []), fn]);
    }
  }

  countOf(device: Device): number {
    return this.#counts.get(device) ?? 0;
  }

  probes(device: Device): boolean {
    return !this.#noAutoprobe.has(device);
  }

  setAutoprobe(device: Device, on: boolean): void {
    if (on) this.#noAutoprobe.delete(device);
    else this.#noAutoprobe.add(device);
  }

  /** @see RunningMachine.sriovOf */
  stateOf(device: PciDevice): SriovState | undefined {
    const placing = this.#placingOf(device);
    if (!placing) return undefined;
    const { totalVfs, offset, stride, deviceId } = placing;
    const limit = SRIOV_DRIVERS[this.#parts.drivers.driverOf(device) ?? '']?.limit ?? totalVfs;
    return {
      numVfs: this.countOf(device),
      totalVfs: Math.min(totalVfs, limit),
      offset,
      stride,
      deviceId,
      driversAutoprobe: this.probes(device),
    };
  }

  /** How many there can be, and where; `undefined`: nothing tells that the function has the capability. */
  #placingOf(device: PciDevice): Placing | undefined {
    const { sriov } = device.facts;
    if (sriov) return sriov;
    const rids = (this.#described.get(device.name) ?? [])
      .map(({ address }) => parsePciAddress(address))
      .filter(({ segment }) => segment === device.segment)
      .map(({ rid }) => rid)
      .sort((a, b) => a - b);
    const [first, second] = rids;
    if (first === undefined) return undefined;
    return {
      totalVfs: rids.length,
      offset: first - device.rid,
      stride: (second ?? first + 1) - first,
      deviceId: undefined,
    };
  }

  /** @see RunningMachine.setVfs */
  set(device: PciDevice, count: number): void {
    const state = this.stateOf(device);
    if (!state) throw refused('ENOENT', `nothing tells that ${device.name} has SR-IOV: there is no file sriov_numvfs`);
    const { numVfs, totalVfs } = state;
    if (!Number.isInteger(count) || count < 0) throw refused('EINVAL', `${count} is no number of virtual functions`);
    if (count > totalVfs)
      throw refused('ERANGE', `${device.name} can have ${totalVfs} virtual functions, not ${count}`);
    if (count === numVfs) return;
    const driver = this.#parts.drivers.driverOf(device);
    if (driver === undefined) throw refused('ENOENT', `no driver is bound to ${device.name}`);
    if (!this.#configures(driver, device)) throw refused('ENOENT', `${driver} does not configure SR-IOV`);
    if (count > 0 && numVfs > 0)
      throw refused('EBUSY', `${device.name} has ${numVfs} virtual functions: first write 0`);
    if (count === 0) this.#disable(device);
    else this.#enable(device, count, state);
  }

  #configures(driver: string, device: PciDevice): boolean {
    const { kernel } = this.#parts.topology.settings;
    const row = SRIOV_DRIVERS[driver];
    if (!row) return device.description.driver === driver && this.#described.has(device.name);
    if (row.since !== undefined && !kernel.has(row.since)) return false;
    return row.parameter === undefined || isSet(this.#parts.drivers.parameter(driver, row.parameter));
  }

  /** @see Linux v6.1 drivers/pci/iov.c sriov_enable(), pci_iov_add_virtfn() */
  #enable(device: PciDevice, count: number, placing: Placing): void {
    const { topology, hotPlug, drivers, emit } = this.#parts;
    const { segment, rid, name, pciBus } = device;
    const rids = Array.from({ length: count }, (_, n) => rid + placing.offset + n * placing.stride);
    const last = pciBus.self?.facts.subordinateBus ?? 0xff;
    if (busOf(rids.at(-1) ?? rid) > last) {
      throw refused('ENOMEM', `${count} virtual functions of ${name} reach past bus ${hex(last, 2)}`);
    }
    const taken = rids.find((one) => topology.at(segment, one));
    if (taken !== undefined) {
      throw refused('ENOENT', `${formatPciAddress({ segment, rid: taken })} is still there: its place is not free`);
    }
    const isVfio = drivers.driverOf(device) === 'vfio-pci';
    const added: PciDevice[] = [];
    try {
      for (const one of rids) {
        const virtual = hotPlug.register(this.#describe(device, one, placing));
        added.push(virtual);
        // vfio_pci_bus_notifier(): virtual functions of what VFIO holds are for VFIO.
        if (isVfio) drivers.setOverride(virtual, 'vfio-pci');
        drivers.arrive(virtual);
      }
    } catch (error) {
      for (const virtual of added.reverse()) hotPlug.remove(virtual);
      throw error;
    }
    this.#counts.set(device, count);
    emit({ type: 'vfs-changed', device });
  }

  /** @see Linux v6.1 drivers/pci/iov.c sriov_del_vfs() */
  #disable(device: PciDevice): void {
    const { topology, hotPlug, emit } = this.#parts;
    for (const one of topology.devices) if (one.physicalFunction === device) hotPlug.remove(one);
    this.#counts.delete(device);
    emit({ type: 'vfs-changed', device });
  }

  /** A virtual function as the description had it, or one like its siblings, or what SR-IOV itself says of it. */
  #describe(device: PciDevice, rid: number, { deviceId }: Placing): MachinePciFunction {
    const siblings = this.#described.get(device.name) ?? [];
    const made = virtualFunction(device, rid, deviceId);
    const { address, parent } = made;
    const known = siblings.find((one) => one.address === address) ?? siblings[0];
    if (!known) return made;
    return { ...known, address, ...(parent !== undefined && { parent }) };
  }

  /** The driver lets go of a physical function. @see Linux v6.1 drivers/pci/iov.c pci_iov_remove() */
  driverLeaves(device: PciDevice, driver: string): void {
    if (this.countOf(device) > 0 && !SRIOV_DRIVERS[driver]?.keepsVfs) this.#disable(device);
  }

  forget(device: Device): void {
    this.#counts.delete(device);
    this.#noAutoprobe.delete(device);
  }
}

/** A physical function. @throws `ERR_REFUSED` with `ENOENT` for a device that has no file `sriov_numvfs` */
export const physical = (device: Device): PciDevice => {
  if (!isPciDevice(device) || device.isVirtualFunction) {
    throw refused('ENOENT', `${device.name} has no file sriov_numvfs`);
  }
  return device;
};
