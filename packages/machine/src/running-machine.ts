import {
  type Device,
  type DeviceOutcome,
  type Diagnostic,
  Emitter,
  type Group,
  type Iommu,
  IommuError,
  refused,
} from '@iommu/core';
import { isPciDevice, type PciBus, type PciTopology, tryParsePciAddress } from '@iommu/pci';
import { type Assembly, assemble } from './assemble.js';
import { describeMachine } from './describe.js';
import type { ResolvedKernel } from './kernel.js';
import type { KernelDrivers } from './kernel-drivers/kernel-drivers.js';
import type { Machine, MachineDevice, MachineKernel, MachinePciFunction } from './machine.js';
import type { MachineEvent } from './machine-events.js';
import { noIommuReason } from './no-iommu.js';
import type { OrderDoubts } from './probe-at-boot.js';
import { UNNAMED_DRIVER } from './probe-history.js';
import type { Probe } from './probe-order.js';
import { physical, type SriovState } from './virtual-functions.js';

/** @internal What {@link boot} puts together. */
export interface RunningParts {
  readonly machine: Machine;
  /** What was booted, which need not be the machine's own. */
  readonly bootedKernel: MachineKernel;
  readonly kernel: ResolvedKernel;
  readonly topology: PciTopology;
  readonly iommu: Iommu;
  /** Names of the drivers that were given, whether they found IOMMUs or not. */
  readonly installed: ReadonlySet<string>;
  readonly assumed: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly doubts: OrderDoubts;
  readonly probes: readonly Probe[];
}

/**
 * A machine whose IOMMUs have registered: its groups, and devices and kernel drivers that come and go. Made by `boot()`.
 *
 * What the kernel would refuse throws `ERR_REFUSED` with its errno, and changes nothing.
 */
export class RunningMachine {
  /** The description that it was booted from; {@link describe} follows later changes. */
  readonly machine: Machine;
  /** The one that was booted: `BootOptions` may have put it in place of `machine.kernel`. */
  readonly kernel: ResolvedKernel;
  /** Live: the functions that are registered; what is plugged in is {@link hardware}. */
  readonly topology: PciTopology;
  /** Live: writes of `type` and claims of owners go there; devices and kernel drivers come and go by the methods here. */
  readonly iommu: Iommu;
  /** What was supposed of the firmware because the description holds none; the ids then are a guess. */
  readonly assumed: string | undefined;
  /** In the order in which they came up; what drivers report after boot is added at the end. */
  readonly diagnostics: readonly Diagnostic[];
  /**
   * Devices of which only the order of probes, which is not known, decides whether they have an IOMMU, or whose group they
   * share.
   */
  readonly contested: ReadonlySet<Device>;
  /** The drivers of the PCI bus, `/sys/bus/pci/drivers`. */
  readonly kernelDrivers: KernelDrivers;
  readonly #bootedKernel: MachineKernel;
  readonly #sureIds: ReadonlySet<Group> | undefined;
  readonly #installed: ReadonlySet<string>;
  readonly #events = new Emitter<MachineEvent>();
  readonly #parts: Assembly;

  /** @internal */
  constructor(parts: RunningParts) {
    const { machine, kernel, topology, iommu, installed, doubts } = parts;
    this.machine = machine;
    this.kernel = kernel;
    this.topology = topology;
    this.iommu = iommu;
    this.assumed = parts.assumed;
    this.diagnostics = parts.diagnostics;
    this.contested = doubts.contested;
    this.#bootedKernel = parts.bootedKernel;
    this.#sureIds = doubts.sureIds;
    this.#installed = installed;
    const emit = (event: MachineEvent): void => this.#events.emit(event);
    iommu.on(emit);
    this.#parts = assemble({ machine, kernel, topology, iommu, probes: parts.probes, emit });
    this.kernelDrivers = this.#parts.kernelDrivers;
  }

  /**
   * Hear of everything that happens, in the order in which it happens.
   *
   * @returns A function that takes the listener off.
   */
  on(listener: (event: MachineEvent) => void): () => void {
    return this.#events.on(listener);
  }

  /** All devices, in the order of their registration. */
  get devices(): readonly Device[] {
    return this.iommu.devices;
  }

  /**
   * A device by its name; `undefined`: the machine has none of it.
   *
   * @param name - As sysfs spells it; of a PCI address in segment 0 the segment may be left out.
   */
  find(name: string): Device | undefined {
    return this.topology.find(name) ?? this.#parts.others.find(name);
  }

  /** As {@link find}. @throws IommuError `ERR_DEVICE_UNKNOWN` */
  device(name: string): Device {
    const device = this.find(name);
    if (device) return device;
    const hint = tryParsePciAddress(name) ? '' : '; expected an address such as 0000:01:00.0 or a name from sysfs';
    throw new IommuError('ERR_DEVICE_UNKNOWN', `no device '${name}' on this machine${hint}`);
  }

  /** Whether the group's id follows from the description; where groups form at probes of unknown order it may not. */
  idIsKnown(group: Group): boolean {
    return this.#sureIds?.has(group) ?? true;
  }

  /** What became of a device, and why; for one without an IOMMU also what is missing. */
  outcomeOf(device: Device): DeviceOutcome {
    const outcome = this.iommu.outcomeOf(device);
    const [first] = outcome.reasons;
    return first?.rule === 'no-iommu'
      ? { ...outcome, reasons: [noIommuReason(this, device, this.#installed)] }
      : outcome;
  }

  /** The PCI functions that are plugged in, registered or not; virtual functions are none. */
  get hardware(): readonly MachinePciFunction[] {
    return this.#parts.hardware.functions;
  }

  /**
   * Hardware appears.
   *
   * @param functions - Bridges with what is behind them, in any order.
   * @param notify - Whether the port or slot tells the kernel, so that the functions are registered at once and drivers
   * probed for them; without that only {@link rescan} finds them. Default true.
   * @returns What was registered, in that order: that to which nothing registered leads was not.
   * @throws IommuError `ERR_PCI_ADDRESS`, `ERR_PCI_DUPLICATE`, `ERR_MACHINE`, and what a driver throws; nothing is
   * plugged in then
   */
  plug(functions: readonly MachinePciFunction[], { notify = true }: { readonly notify?: boolean } = {}): Device[] {
    return this.#parts.hotPlug.plug(functions, notify);
  }

  /**
   * Hardware disappears, with all behind it; what was registered of it is removed.
   *
   * @param device - A device, or the address of a function that need not be registered.
   * @throws IommuError `ERR_DEVICE_UNKNOWN` for what is not plugged in
   */
  unplug(device: Device | string): void {
    this.#parts.hotPlug.unplug(device);
  }

  /**
   * Plug one PCI function in and register just it, in place of what is plugged in there and not registered; what is above
   * it must be there. No driver is probed for it.
   *
   * @throws IommuError as {@link plug}
   */
  addPciFunction(description: MachinePciFunction): Device {
    return this.#parts.hotPlug.add(description);
  }

  /**
   * Look for what is plugged in and not registered, as a write to `rescan` does.
   *
   * @param bus - Only on this bus and behind it; absent: on all.
   * @returns What was found, in the order of its registration.
   * @see Linux v6.1 drivers/pci/pci-sysfs.c rescan_store(), dev_rescan_store(), bus_rescan_store()
   */
  rescan(bus?: PciBus): Device[] {
    return this.#parts.hotPlug.rescan(bus);
  }

  /** Add a device of another bus. @throws IommuError `ERR_DEVICE_EXISTS` */
  addDevice(description: MachineDevice): Device {
    return this.#parts.others.add(description);
  }

  /**
   * Take a device out, and before it all that is behind it, as a write to `remove` does. It stays plugged in.
   *
   * @throws IommuError `ERR_DEVICE_UNKNOWN`
   * @see Linux v6.1 drivers/pci/remove.c pci_stop_and_remove_bus_device()
   */
  removeDevice(device: Device): void {
    if (isPciDevice(device)) this.#parts.hotPlug.remove(device);
    else this.#parts.others.remove(device);
  }

  /** A kernel driver is probed for the device, whether it takes it or not. @throws IommuError `ERR_DEVICE_UNKNOWN` */
  probeDriver(device: Device, driver: string = UNNAMED_DRIVER): void {
    this.iommu.probeDriver(device);
    this.#parts.probes.add(device, driver);
  }

  /**
   * Bind a kernel driver by name, whether it matches the device or not; it is registered if it was not.
   *
   * @throws IommuError `ERR_REFUSED` with `EBUSY` when the device has a driver or its group's DMA belongs to another
   */
  bindDriver(device: Device, name: string): void {
    this.#parts.drivers.adopt(device, name);
  }

  /**
   * Write to the device's `sriov_numvfs`: virtual functions appear, or with 0 all disappear.
   *
   * @param count - 0 to 65535; what cannot be read as such is `EINVAL`, and the caller's to refuse.
   * @throws IommuError `ERR_REFUSED` with `ERANGE` for more than there can be, `ENOENT` when the device has no driver or
   * one that does not do it, `EBUSY` when there are some already, `ENOMEM` when the bus numbers do not suffice. The number
   * that there are is always accepted.
   * @see Linux v6.1 drivers/pci/iov.c sriov_numvfs_store()
   */
  setVfs(device: Device, count: number): void {
    this.#parts.vfs.set(physical(device), count);
  }

  /** The files `sriov_*` of a device; `undefined`: it has none, or nothing tells that it has. */
  sriovOf(device: Device): SriovState | undefined {
    return isPciDevice(device) && !device.isVirtualFunction ? this.#parts.vfs.stateOf(device) : undefined;
  }

  /**
   * Write to the device's `sriov_drivers_autoprobe`: whether drivers are probed for its virtual functions.
   *
   * @throws IommuError `ERR_REFUSED` with `ENOENT` for a device that has no such file
   * @see Linux v6.1 drivers/pci/pci-driver.c pci_device_can_probe()
   */
  setVfsAutoprobe(device: Device, on: boolean): void {
    if (!this.sriovOf(device)) throw refused('ENOENT', `${device.name} has no file sriov_drivers_autoprobe`);
    this.#parts.vfs.setAutoprobe(device, on);
  }

  /**
   * The machine as it is now, as plain data that can be saved and booted again: what is plugged in, the virtual functions
   * there are, the drivers that are bound. Bytes are shared with the description that it was booted from. What a boot sets
   * back is not in it: `driver_override`, ids that were added, types that were written.
   */
  describe(): Machine {
    const virtual = this.topology.devices.filter(({ isVirtualFunction }) => isVirtualFunction);
    return describeMachine({
      machine: this.machine,
      kernel: this.#bootedKernel,
      iommu: this.iommu,
      functions: [...this.hardware, ...virtual.map(({ description }) => description)],
      devices: this.#parts.others.descriptions,
      driverOf: (name) => {
        const device = this.find(name);
        return device && this.iommu.kernelDriverOf(device);
      },
      probes: this.#parts.probes.probes,
      isOrderSupposed: this.#sureIds !== undefined,
    });
  }
}
