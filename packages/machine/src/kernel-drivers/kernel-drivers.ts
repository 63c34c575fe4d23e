import { type Device, type Errno, type Iommu, type IommuError, isIommuError, type Kernel, refused } from '@iommu/core';
import { isPciDevice, type PciDevice, type PciTopology } from '@iommu/pci';
import type { MachineEvent } from '../machine-events.js';
import type { ProbeLog } from '../probe-log.js';
import { RegisteredDriver } from './kernel-driver.js';
import { managesDma } from './manages-dma.js';
import { idsOnCommandLine } from './module-parameters.js';
import { type PciId, parseNewId } from './pci-id.js';
import { refusalOf } from './takes.js';

/** What a driver that is registered may say of itself. */
export interface DriverOptions {
  /** Ids that it was built with, in hexadecimal: `8086:10c9`, or as {@link KernelDrivers.newId} takes them. */
  readonly ids?: readonly string[];
  /** `driver_managed_dma`; default: as the kernel's driver of this name has it. */
  readonly managesDma?: boolean;
}

/** @internal What the drivers of a running machine work on. */
export interface KernelDriversParts {
  readonly kernel: Kernel;
  readonly topology: PciTopology;
  readonly iommu: Iommu;
  readonly probes: ProbeLog;
  readonly emit: (event: MachineEvent) => void;
  /** How many virtual functions of a device are switched on. */
  readonly vfsOf: (device: PciDevice) => number;
  /** Whether drivers are to be probed for this virtual function by themselves. */
  readonly probesVf: (device: PciDevice) => boolean;
  /** The driver lets go of the device, and may take virtual functions along. */
  readonly leaves: (device: PciDevice, driver: string) => void;
}

/** Why a probe failed: the driver core refused before the driver was asked, or the driver itself. */
type Failure = { readonly by: 'core' | 'driver'; readonly error: IommuError; readonly errno: Errno };

/** A page, and in it room for a newline and the end. */
const OVERRIDE_LIMIT = 4095;

const PORT_DRIVER = 'pcieport';

/** A name as written to a file: one newline may end it. @see Linux v6.1 lib/string_helpers.c sysfs_streq() */
const nameIn = (text: string): string => (text.endsWith('\n') ? text.slice(0, -1) : text);

/**
 * The drivers of the PCI bus, `/sys/bus/pci/drivers`, and what is written to their files.
 *
 * Texts are taken as the kernel takes them: the name of a device in full, one newline may end it.
 */
export class KernelDrivers {
  /** `drivers_autoprobe`: whether a driver is probed by itself when it or a device comes. */
  autoprobe = true;
  readonly #parts: KernelDriversParts;
  readonly #drivers = new Map<string, RegisteredDriver>();
  readonly #overrides = new Map<Device, string>();
  /** Devices with a driver, in the order in which they were bound. */
  readonly #bound = new Set<Device>();

  /** @internal */
  constructor(parts: KernelDriversParts) {
    this.#parts = parts;
    const { commandLine } = parts.kernel;
    if (!commandLine.some(({ name, value }) => name === 'pcie_ports' && value === 'compat')) this.#create(PORT_DRIVER);
  }

  /** In the order of their registration. */
  get names(): readonly string[] {
    return [...this.#drivers.keys()];
  }

  has(name: string): boolean {
    return this.#drivers.has(name);
  }

  /** `driver_managed_dma`: whether binding the driver leaves the group's DMA to others. */
  managesDma(driver: string): boolean {
    return this.#drivers.get(driver)?.managesDma ?? managesDma(driver);
  }

  driverOf(device: Device): string | undefined {
    return this.#parts.iommu.kernelDriverOf(device);
  }

  /** The devices that a driver is bound to, in the order in which they were bound. */
  *boundTo(driver: string): Generator<Device, void> {
    for (const device of this.#bound) if (this.driverOf(device) === driver) yield device;
  }

  #create(name: string, ids: readonly PciId[] = [], manages?: boolean): RegisteredDriver {
    const driver = new RegisteredDriver(name, ids, manages);
    this.#drivers.set(name, driver);
    this.#parts.emit({ type: 'driver-registered', driver: name });
    return driver;
  }

  /**
   * Load a driver (`modprobe`). Unless {@link autoprobe} is off it is probed for every device without a driver that it
   * matches, in the order of the bus.
   *
   * @throws `ERR_REFUSED` with `EBUSY` when it is registered already, `EINVAL` for an id that is none.
   * @see Linux v6.1 drivers/base/driver.c driver_register(), drivers/base/bus.c bus_add_driver()
   */
  register(name: string, { ids = [], managesDma: manages }: DriverOptions = {}): void {
    if (this.has(name)) throw refused('EBUSY', `driver ${name} is registered already`);
    const table = ids.map((text) => {
      const id = parseNewId(text.replaceAll(':', ' '));
      if (!id) throw refused('EINVAL', `'${text}' is no id; expected vendor:device in hexadecimal`);
      return id;
    });
    const driver = this.#create(name, table, manages);
    if (this.autoprobe) this.#attachDriver(driver);
    for (const id of idsOnCommandLine(this.#parts.kernel, name)) {
      driver.add(id);
      this.#attachDriver(driver);
    }
  }

  /**
   * Unload a driver (`rmmod`): its devices are unbound, the one bound last first.
   *
   * @throws `ERR_REFUSED` with `ENOENT` when there is no such module: not loaded, or part of the kernel.
   * @see Linux v6.1 drivers/base/dd.c driver_detach()
   */
  unregister(name: string): void {
    if (!this.has(name) || name === PORT_DRIVER) throw refused('ENOENT', `there is no module ${name} to unload`);
    for (const device of [...this.#bound].reverse()) if (this.driverOf(device) === name) this.release(device);
    this.#drivers.delete(name);
    this.#parts.emit({ type: 'driver-unregistered', driver: name });
  }

  #driver(name: string): RegisteredDriver {
    const driver = this.#drivers.get(name);
    if (!driver) throw refused('ENOENT', `there is no driver ${name}`);
    return driver;
  }

  #device(text: string): PciDevice {
    const name = nameIn(text);
    const device = this.#parts.topology.find(name);
    if (device?.name !== name) throw refused('ENODEV', `there is no device '${name}'`);
    return device;
  }

  /**
   * Write a device's name to the driver's `bind`.
   *
   * @throws `ERR_REFUSED` with `ENODEV` for a device that is not there or that the driver does not match, `EBUSY` when it
   * has a driver or the group's DMA belongs to another, what the driver's own probe answers, `ENOENT` without the driver.
   * Before 5.14 all of these but the last were `ENODEV`.
   * @see Linux v6.1 drivers/base/bus.c bind_store(), drivers/base/dd.c device_driver_attach()
   */
  bind(driver: string, device: string): void {
    const registered = this.#driver(driver);
    const found = this.#device(device);
    if (!registered.matches(found, this.overrideOf(found)))
      throw refused('ENODEV', `${driver} does not match ${device}`);
    const plain = this.#parts.kernel.rule('driver-bind') === 'ENODEV';
    const bound = this.driverOf(found);
    if (bound !== undefined) throw refused(plain ? 'ENODEV' : 'EBUSY', `${found.name} is bound to ${bound}`);
    const failure = this.#probe(registered, found);
    if (!failure) return;
    const errno = failure.errno === 'EPROBE_DEFER' ? 'EAGAIN' : failure.errno;
    throw refused(plain ? 'ENODEV' : errno, failure.error.message);
  }

  /**
   * Write a device's name to the driver's `unbind`.
   *
   * @throws `ERR_REFUSED` with `ENODEV` when the device is not there or not bound to this driver, `ENOENT` without the driver.
   * @see Linux v6.1 drivers/base/bus.c unbind_store()
   */
  unbind(driver: string, device: string): void {
    this.#driver(driver);
    const found = this.#device(device);
    if (this.driverOf(found) !== driver) throw refused('ENODEV', `${found.name} is not bound to ${driver}`);
    this.release(found);
  }

  /**
   * Write to the driver's `new_id`: `vvvv dddd [svvvv sdddd class mask data]`. The driver is then probed for every device
   * without a driver that it matches.
   *
   * @throws `ERR_REFUSED` with `EINVAL` for less than two numbers, `EEXIST` when the driver knows such a device already
   * (not asked when all seven numbers are given), `ENOENT` without the driver.
   * @see Linux v6.1 drivers/pci/pci-driver.c new_id_store()
   */
  newId(driver: string, text: string): void {
    const registered = this.#driver(driver);
    const id = parseNewId(text);
    if (!id) throw refused('EINVAL', `'${nameIn(text)}' does not start with a vendor and a device id`);
    if (id.fields < 7 && registered.knows(id)) throw refused('EEXIST', `${driver} knows such a device already`);
    registered.add(id);
    this.#attachDriver(registered);
  }

  /**
   * Write to the driver's `remove_id`. Devices that are bound stay so.
   *
   * @throws `ERR_REFUSED` with `EINVAL` for less than two numbers, `ENODEV` when no such id was added, `ENOENT` without
   * the driver.
   * @see Linux v6.1 drivers/pci/pci-driver.c remove_id_store()
   */
  removeId(driver: string, text: string): void {
    const registered = this.#driver(driver);
    const id = parseNewId(text);
    if (!id) throw refused('EINVAL', `'${nameIn(text)}' does not start with a vendor and a device id`);
    if (!registered.remove(id)) throw refused('ENODEV', `${driver} was given no such id`);
  }

  /**
   * Write a device's name to `drivers_probe`: drivers are probed until one takes the device. Nothing happens when it has
   * one, or when none matches.
   *
   * @throws `ERR_REFUSED` with `ENODEV` when there is no such device, `EINVAL` when the driver core refused.
   * @see Linux v6.1 drivers/base/bus.c drivers_probe_store()
   */
  probe(device: string): void {
    const found = this.#device(device);
    if (this.driverOf(found) !== undefined) return;
    const failure = this.attach(found);
    if (failure) throw refused('EINVAL', failure.error.message);
  }

  /** What was written to `driver_override`. */
  overrideOf(device: Device): string | undefined {
    return this.#overrides.get(device);
  }

  /**
   * Write to the device's `driver_override`: from now on only that driver matches it. An empty name clears it. Nothing is
   * bound or unbound.
   *
   * @param text - The name ends at the first newline.
   * @throws `ERR_REFUSED` with `EINVAL` for a page or more, `ERR_DEVICE_UNKNOWN`
   * @see Linux v6.1 drivers/base/driver.c driver_set_override()
   */
  setOverride(device: Device, text: string): void {
    const before = this.overrideOf(device);
    this.driverOf(device);
    if (text.length >= OVERRIDE_LIMIT)
      throw refused('EINVAL', `a driver's name of ${text.length} characters is too long`);
    const [line = ''] = text.split('\n', 1);
    if (line === '') this.#overrides.delete(device);
    else this.#overrides.set(device, line);
    if (this.overrideOf(device) !== before) this.#parts.emit({ type: 'override-changed', device });
  }

  /** @internal Bind by name whatever the driver matches: what a description shows, or what its reader knows. */
  adopt(device: Device, name: string): void {
    const { iommu, emit, probes } = this.#parts;
    const isFresh = isPciDevice(device) && !this.has(name);
    if (isFresh && iommu.kernelDriverOf(device) === undefined) {
      const driver = this.#create(name);
      for (const id of idsOnCommandLine(this.#parts.kernel, name)) driver.add(id);
    }
    try {
      iommu.bindDriver(device, { name, managesDma: this.managesDma(name) });
    } catch (error) {
      if (isFresh && this.has(name)) this.unregister(name);
      throw error;
    }
    if (isPciDevice(device)) this.#drivers.get(name)?.learn(device);
    probes.add(device, name);
    this.#bound.add(device);
    emit({ type: 'driver-bound', device, driver: name });
  }

  /** @internal The driver of a device that came is there, as if it had been loaded for it. */
  load(name: string, device: PciDevice): void {
    if (!this.has(name)) this.register(name);
    this.#drivers.get(name)?.learn(device);
  }

  /** @internal A device came: drivers are probed for it, if that is how this kernel does it. */
  arrive(device: PciDevice): void {
    if (this.autoprobe || this.#parts.kernel.rule('pci-autoprobe') === 'always') this.attach(device);
  }

  /** @internal The device's driver, if it has one, lets go of it. */
  release(device: Device): void {
    const { iommu, emit, leaves } = this.#parts;
    const driver = iommu.kernelDriverOf(device);
    if (driver === undefined) return;
    if (isPciDevice(device)) leaves(device, driver);
    iommu.unbindDriver(device);
    this.#bound.delete(device);
    emit({ type: 'driver-unbound', device, driver });
  }

  /** @internal Nothing is remembered of a device that is gone. */
  forget(device: Device): void {
    this.#bound.delete(device);
    this.#overrides.delete(device);
  }

  /**
   * Probe the drivers that match until one takes the device; a refusal of the driver core ends it.
   *
   * @internal
   * @see Linux v6.1 drivers/base/dd.c __device_attach_driver()
   */
  attach(device: PciDevice): Failure | undefined {
    for (const driver of this.#drivers.values()) {
      if (!driver.matches(device, this.overrideOf(device))) continue;
      const failure = this.#probe(driver, device);
      if (!failure) return undefined;
      if (failure.by === 'core' && failure.errno !== 'EPROBE_DEFER') return failure;
    }
    return undefined;
  }

  /** @see Linux v6.1 drivers/base/dd.c driver_attach() */
  #attachDriver(driver: RegisteredDriver): void {
    for (const device of this.#parts.topology.devices) {
      if (this.driverOf(device) === undefined && driver.matches(device, this.overrideOf(device)))
        this.#probe(driver, device);
    }
  }

  /** @see Linux v6.1 drivers/base/dd.c really_probe(), drivers/pci/pci-driver.c pci_device_probe() */
  #probe(driver: RegisteredDriver, device: PciDevice): Failure | undefined {
    const { iommu, emit, probes, vfsOf, probesVf } = this.#parts;
    const { name } = driver;
    let by: Failure['by'] = 'core';
    const look = (): Errno | undefined => {
      by = 'driver';
      if (device.isVirtualFunction && !probesVf(device) && this.overrideOf(device) === undefined) return 'ENODEV';
      const hasGroup = iommu.groups.of(device) !== undefined;
      return refusalOf(name, device, {
        hasGroup,
        vfs: vfsOf(device),
        isDescribed: device.description.driver === name,
      });
    };
    probes.add(device, name);
    try {
      iommu.bindDriver(device, { name, managesDma: driver.managesDma, probe: look });
    } catch (error) {
      if (!isIommuError(error, 'ERR_REFUSED') || error.errno === undefined) throw error;
      return { by, error, errno: error.errno };
    }
    this.#bound.add(device);
    emit({ type: 'driver-bound', device, driver: name });
    return undefined;
  }
}
