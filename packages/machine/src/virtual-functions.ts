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
import type { KernelDrivers } from './kernel-drivers/kernel-drivers.js';
import { isSet, moduleParameter } from './kernel-drivers/module-parameters.js';
import { SRIOV_DRIVERS } from './kernel-drivers/sriov-drivers.js';
import type { MachinePciFunction } from './machine.js';
import type { MachineEvent } from './machine-events.js';
import type { PciHotPlug } from './pci-hot-plug.js';

/** What the SR-IOV capability of a function says, as far as it concerns where its virtual functions are. */
export type Placing = Pick<SriovRegisters, 'totalVfs' | 'offset' | 'stride'> & { readonly deviceId?: number };

/** @internal */
export interface VirtualFunctionsParts {
  readonly topology: PciTopology;
  readonly drivers: KernelDrivers;
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
      const list = this.#described.get(fn.physicalFunction ?? '') ?? [];
      this.#described.set(fn.physicalFunction ?? '', [...list, fn]);
    }
  }

  /** `sriov_numvfs` */
  countOf(device: Device): number {
    return this.#counts.get(device) ?? 0;
  }

  /** `sriov_drivers_autoprobe` of the physical function. */
  autoprobeOf(device: Device): boolean {
    return !this.#noAutoprobe.has(device);
  }

  setAutoprobe(device: Device, on: boolean): void {
    if (on) this.#noAutoprobe.delete(device);
    else this.#noAutoprobe.add(device);
  }

  /**
   * How many there can be, as far as the bound driver allows, and where; `undefined`: nothing tells that the function has
   * the capability.
   *
   * @see Linux v6.1 drivers/pci/iov.c pci_sriov_get_totalvfs()
   */
  placingOf(device: PciDevice): Placing | undefined {
    const placing = this.#capabilityOf(device);
    const limit = SRIOV_DRIVERS[this.#parts.drivers.driverOf(device) ?? '']?.limit;
    return placing && limit !== undefined && limit < placing.totalVfs ? { ...placing, totalVfs: limit } : placing;
  }

  #capabilityOf(device: PciDevice): Placing | undefined {
    const { sriov } = device.facts;
    if (sriov) return sriov;
    const rids = (this.#described.get(device.name) ?? [])
      .map(({ address }) => parsePciAddress(address))
      .filter(({ segment }) => segment === device.segment)
      .map(({ rid }) => rid)
      .sort((a, b) => a - b);
    const [first, second] = rids;
    if (first === undefined) return undefined;
    return { totalVfs: rids.length, offset: first - device.rid, stride: (second ?? first + 1) - first };
  }

  /** @see RunningMachine.setVfs */
  set(device: PciDevice, count: number): void {
    const placing = this.placingOf(device);
    if (!placing) throw refused('ENOENT', `${device.name} has no SR-IOV capability, so no file sriov_numvfs`);
    const driver = this.#parts.drivers.driverOf(device);
    const now = this.countOf(device);
    const limit = placing.totalVfs;
    if (!(count <= limit)) throw refused('ERANGE', `${device.name} can have ${limit} virtual functions, not ${count}`);
    if (count === now) return;
    if (driver === undefined) throw refused(this.#without, `no driver is bound to ${device.name}`);
    if (!this.#configures(driver, device)) throw refused(this.#without, `${driver} does not configure SR-IOV`);
    if (count > 0 && now > 0) throw refused('EBUSY', `${device.name} has ${now} virtual functions: first write 0`);
    if (count === 0) this.#disable(device);
    else this.#enable(device, count, placing);
  }

  get #without(): 'ENOENT' | 'ENOSYS' {
    return this.#parts.topology.settings.kernel.rule('sriov-without-driver') === 'ENOSYS' ? 'ENOSYS' : 'ENOENT';
  }

  #configures(driver: string, device: PciDevice): boolean {
    const { kernel } = this.#parts.topology.settings;
    const row = SRIOV_DRIVERS[driver];
    if (!row) return device.description.driver === driver && this.#described.has(device.name);
    if (row.since !== undefined && !kernel.has(row.since)) return false;
    return row.parameter === undefined || isSet(moduleParameter(kernel, driver, row.parameter));
  }

  /** @see Linux v6.1 drivers/pci/iov.c sriov_enable(), pci_iov_add_virtfn() */
  #enable(device: PciDevice, count: number, placing: Placing): void {
    const { hotPlug, drivers, emit } = this.#parts;
    const rids = Array.from({ length: count }, (_, n) => device.rid + placing.offset + n * placing.stride);
    const last = device.pciBus.self?.facts.subordinateBus ?? 0xff;
    if (busOf(rids.at(-1) ?? 0) > last) {
      throw refused('ENOMEM', `${count} virtual functions of ${device.name} reach past bus ${hex(last, 2)}`);
    }
    const isVfio = drivers.driverOf(device) === 'vfio-pci';
    for (const rid of rids) {
      const virtual = hotPlug.register(this.#describe(device, rid, placing));
      if (isVfio) drivers.setOverride(virtual, 'vfio-pci');
      drivers.arrive(virtual);
    }
    this.#counts.set(device, count);
    emit({ type: 'vfs-changed', device });
  }

  #disable(device: PciDevice): void {
    const { topology, hotPlug, emit } = this.#parts;
    for (const one of topology.devices) if (one.physicalFunction === device) hotPlug.remove(one);
    this.#counts.delete(device);
    emit({ type: 'vfs-changed', device });
  }

  /** A virtual function as the description had it, or one like its siblings, or what SR-IOV itself says of it. */
  #describe(device: PciDevice, rid: number, { deviceId }: Placing): MachinePciFunction {
    const address = formatPciAddress({ segment: device.segment, rid });
    const siblings = this.#described.get(device.name) ?? [];
    const like = siblings.find((one) => one.address === address) ?? siblings[0];
    const { parent } = device.description;
    const place = { address, physicalFunction: device.name, ...(parent !== undefined && { parent }) };
    if (like) return { ...like, ...place };
    const { vendor, classCode } = device.facts;
    return {
      ...place,
      ...(vendor !== undefined && { id: `${hex(vendor, 4)}:${deviceId === undefined ? '' : hex(deviceId, 4)}` }),
      ...(classCode !== undefined && { class: hex(classCode, 6) }),
      express: 'endpoint',
      headerType: 0,
      multifunction: false,
    };
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
