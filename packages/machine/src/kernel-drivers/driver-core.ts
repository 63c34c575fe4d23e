import { type Device, type Errno, type Iommu, type IommuError, isIommuError, type Kernel } from '@iommu/core';
import { isPciDevice, type PciDevice, type PciTopology } from '@iommu/pci';
import type { MachineEvent } from '../machine-events.js';
import type { ProbeLog } from '../probe-log.js';
import { managesDma } from './manages-dma.js';
import { moduleParameter } from './module-parameters.js';
import { type PciId, parseIdParameter } from './pci-id.js';
import { type DriverDetails, RegisteredDriver } from './registered-driver.js';
import { refusalOf } from './takes.js';

/** What the drivers of a running machine work on. */
export interface DriverCoreParts {
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
export interface ProbeFailure {
  readonly by: 'core' | 'driver';
  readonly error: IommuError;
  readonly errno: Errno;
}

/** Drivers whose parameter `ids` gives them ids as `new_id` does. */
const WITH_IDS = new Set(['vfio-pci', 'pci-stub']);

/** Registered drivers of the PCI bus, and devices that are bound to them. @see Linux v6.1 drivers/base/dd.c */
export class DriverCore {
  /** `drivers_autoprobe` */
  autoprobe = true;
  readonly drivers = new Map<string, RegisteredDriver>();
  readonly overrides = new Map<Device, string>();
  readonly #parts: DriverCoreParts;
  /** Ids of drivers, by name, that descriptions showed: they outlast the driver. */
  readonly #learned = new Map<string, PciId[]>();
  /** Devices with a driver, in the order in which they were bound. */
  readonly #bound = new Set<Device>();

  constructor(parts: DriverCoreParts) {
    this.#parts = parts;
  }

  get kernel(): Kernel {
    return this.#parts.kernel;
  }

  driverOf(device: Device): string | undefined {
    return this.#parts.iommu.kernelDriverOf(device);
  }

  /** The devices that a driver is bound to, in the order in which they were bound. */
  *boundTo(name: string): Generator<Device, void> {
    for (const device of this.#bound) if (this.driverOf(device) === name) yield device;
  }

  managesDma(name: string): boolean {
    return this.drivers.get(name)?.managesDma ?? managesDma(name);
  }

  /** A device by the name that sysfs gives it. */
  find(name: string): PciDevice | undefined {
    const device = this.#parts.topology.find(name);
    return device?.name === name ? device : undefined;
  }

  /** A parameter of a driver's module, as it was loaded or from the command line. */
  parameter(driver: string, name: string): string | undefined {
    return this.drivers.get(driver)?.parameters[name] ?? moduleParameter(this.kernel, driver, name);
  }

  /** The ids that its parameter `ids` gives to a driver. */
  idParameter(driver: string): PciId[] {
    return WITH_IDS.has(driver) ? parseIdParameter(this.parameter(driver, 'ids') ?? '') : [];
  }

  create(name: string, details?: Omit<DriverDetails, 'learned'>): RegisteredDriver {
    const learned = this.#learned.get(name) ?? [];
    this.#learned.set(name, learned);
    const driver = new RegisteredDriver(name, { ...details, learned });
    this.drivers.set(name, driver);
    this.#parts.emit({ type: 'driver-registered', driver: name });
    return driver;
  }

  /** Its devices are unbound, the one bound last first. @see driver_detach() */
  delete(name: string): void {
    for (const device of [...this.#bound].reverse()) {
      // What one driver lets go of may take others along.
      if (this.#bound.has(device) && this.driverOf(device) === name) this.release(device);
    }
    this.drivers.delete(name);
    this.#parts.emit({ type: 'driver-unregistered', driver: name });
  }

  matches(driver: RegisteredDriver, device: PciDevice): boolean {
    return driver.matches(device, this.overrides.get(device));
  }

  /** @see really_probe(), drivers/pci/pci-driver.c pci_device_probe() */
  probe(driver: RegisteredDriver, device: PciDevice): ProbeFailure | undefined {
    const { iommu, probes } = this.#parts;
    let by: ProbeFailure['by'] = 'core';
    const probe = (): Errno | undefined => {
      by = 'driver';
      return this.#look(driver, device);
    };
    probes.add(device, driver.name);
    try {
      iommu.bindDriver(device, { name: driver.name, managesDma: driver.managesDma, probe });
    } catch (error) {
      if (!isIommuError(error, 'ERR_REFUSED') || error.errno === undefined) throw error;
      return { by, error, errno: error.errno };
    }
    this.#isBound(device, driver.name);
    return undefined;
  }

  #look({ name }: RegisteredDriver, device: PciDevice): Errno | undefined {
    const { iommu, vfsOf, probesVf } = this.#parts;
    if (device.isVirtualFunction && !probesVf(device) && !this.overrides.has(device)) return 'ENODEV';
    return refusalOf(name, device, {
      hasGroup: iommu.groups.of(device) !== undefined,
      vfs: vfsOf(device),
      isDescribed: device.description.driver === name,
    });
  }

  #isBound(device: Device, driver: string): void {
    this.#bound.add(device);
    this.#parts.emit({ type: 'driver-bound', device, driver });
  }

  /** Whether this kernel passes on why a probe failed. */
  get #tellsWhy(): boolean {
    return this.kernel.rule('driver-bind') !== 'ENODEV';
  }

  /**
   * Probe the drivers that match until one takes the device; a refusal of the driver core ends it.
   *
   * @see __device_attach_driver()
   */
  attach(device: PciDevice): ProbeFailure | undefined {
    for (const driver of this.drivers.values()) {
      if (!this.matches(driver, device)) continue;
      const failure = this.probe(driver, device);
      if (!failure) return undefined;
      if (failure.by === 'core' && this.#tellsWhy) return failure.errno === 'EPROBE_DEFER' ? undefined : failure;
    }
    return undefined;
  }

  /** Probe one driver for all devices without one that it matches, in the order of the bus. @see driver_attach() */
  attachDriver(driver: RegisteredDriver): void {
    for (const device of this.#parts.topology.devices) {
      if (this.driverOf(device) === undefined && this.matches(driver, device)) this.probe(driver, device);
    }
  }

  /** A device came: drivers are probed for it, if that is how this kernel does it. @see pci_bus_add_device() */
  arrive(device: PciDevice): void {
    if (this.autoprobe || this.kernel.rule('pci-autoprobe') === 'always') this.attach(device);
  }

  /** Bind by name whatever the driver matches: what a description shows, or what the caller knows. */
  adopt(device: Device, name: string): void {
    const { iommu, probes } = this.#parts;
    const isFresh = isPciDevice(device) && !this.drivers.has(name) && this.driverOf(device) === undefined;
    if (isFresh) {
      const driver = this.create(name);
      for (const id of this.idParameter(name)) driver.add(id);
    }
    try {
      iommu.bindDriver(device, { name, managesDma: this.managesDma(name) });
    } catch (error) {
      if (isFresh && device.description.driver !== name) this.delete(name);
      throw error;
    }
    if (isPciDevice(device)) this.drivers.get(name)?.learn(device);
    probes.add(device, name);
    this.#isBound(device, name);
  }

  /** The device's driver, if it has one, lets go of it. @see device_release_driver() */
  release(device: Device): void {
    const { iommu, emit, leaves } = this.#parts;
    const driver = this.driverOf(device);
    if (driver === undefined) return;
    iommu.unbindDriver(device, () => isPciDevice(device) && leaves(device, driver));
    this.#bound.delete(device);
    emit({ type: 'driver-unbound', device, driver });
  }

  setOverride(device: Device, driver: string | undefined): void {
    if (this.overrides.get(device) === driver) return;
    if (driver === undefined) this.overrides.delete(device);
    else this.overrides.set(device, driver);
    this.#parts.emit({ type: 'override-changed', device });
  }

  /** Nothing is remembered of a device that is gone. */
  forget(device: Device): void {
    this.#bound.delete(device);
    this.overrides.delete(device);
  }
}
