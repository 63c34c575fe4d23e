import { type Device, refused } from '@iommu/core';
import type { PciDevice } from '@iommu/pci';
import type { DriverCore } from './driver-core.js';
import { parseNewId, type ScannedId } from './pci-id.js';
import { hasPortDriver, PORT_DRIVER, type RegisteredDriver } from './registered-driver.js';

/** What a driver that is registered may say of itself. */
export interface DriverOptions {
  /** Ids that it was built with, in hexadecimal: `8086:10c9`, or as {@link KernelDrivers.newId} takes them. */
  readonly ids?: readonly string[];
  /** `driver_managed_dma`; default: as the kernel's driver of this name has it. */
  readonly managesDma?: boolean;
  /** Of the module, in place of those on the command line: `ids` and `enable_sriov` of vfio-pci, `ids` of pci-stub. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A page, and in it room for a newline and the end. */
const OVERRIDE_LIMIT = 4095;

/** A name as written to a file: one newline may end it. @see Linux v6.1 lib/string_helpers.c sysfs_streq() */
const nameIn = (text: string): string => (text.endsWith('\n') ? text.slice(0, -1) : text);

const idIn = (text: string): ScannedId => {
  const id = parseNewId(text);
  if (!id) throw refused('EINVAL', `'${nameIn(text)}' does not start with a vendor and a device id`);
  return id;
};

/**
 * The drivers of the PCI bus, `/sys/bus/pci/drivers`, and what is written to their files.
 *
 * Texts are taken as the kernel takes them: the name of a device in full, one newline may end it. A write of no bytes at
 * all never gets here: the kernel drops it before.
 */
export class KernelDrivers {
  readonly #core: DriverCore;

  /** @internal */
  constructor(core: DriverCore) {
    this.#core = core;
    if (hasPortDriver(core.kernel)) core.create(PORT_DRIVER);
  }

  /** `drivers_autoprobe`: whether a driver is probed by itself when it or a device comes. */
  get autoprobe(): boolean {
    return this.#core.autoprobe;
  }

  /** As a write of `1` or `0` to it. */
  set autoprobe(on: boolean) {
    this.#core.autoprobe = on;
  }

  /** In the order of their registration. */
  get names(): readonly string[] {
    return [...this.#core.drivers.keys()];
  }

  /** Whether a driver of this name is registered. */
  has(name: string): boolean {
    return this.#core.drivers.has(name);
  }

  /** `driver_managed_dma`: whether binding the driver leaves the group's DMA to others. */
  managesDma(driver: string): boolean {
    return this.#core.managesDma(driver);
  }

  /** The name of the bound driver, of a device of any bus; `undefined`: none. @throws `ERR_DEVICE_UNKNOWN` */
  driverOf(device: Device): string | undefined {
    return this.#core.driverOf(device);
  }

  /** The devices that a driver is bound to, in the order in which they were bound. */
  boundTo(driver: string): Iterable<Device> {
    return this.#core.boundTo(driver);
  }

  /**
   * Load a driver (`modprobe`). Unless {@link autoprobe} is off it is probed for every device without a driver that it
   * matches, in the order of the bus.
   *
   * @throws `ERR_REFUSED` with `EBUSY` when it is registered already, `EINVAL` for an id that is none.
   * @see Linux v6.1 drivers/base/driver.c driver_register(), drivers/base/bus.c bus_add_driver()
   */
  register(name: string, { ids = [], managesDma, parameters }: DriverOptions = {}): void {
    if (this.has(name)) throw refused('EBUSY', `driver ${name} is registered already`);
    const table = ids.map((text) => idIn(text.replaceAll(':', ' ')));
    const driver = this.#core.create(name, { ids: table, managesDma, parameters });
    if (this.autoprobe) this.#core.attachDriver(driver);
    for (const id of this.#core.idParameter(name)) {
      driver.add(id);
      this.#core.attachDriver(driver);
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
    this.#core.delete(name);
  }

  #driver(name: string): RegisteredDriver {
    const driver = this.#core.drivers.get(name);
    if (!driver) throw refused('ENOENT', `there is no driver ${name}`);
    return driver;
  }

  #device(text: string): PciDevice {
    const device = this.#core.find(nameIn(text));
    if (!device) throw refused('ENODEV', `there is no device '${nameIn(text)}'`);
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
    const plain = this.#core.kernel.rule('driver-bind') === 'ENODEV';
    const bound = this.driverOf(found);
    if (bound !== undefined) throw refused(plain ? 'ENODEV' : 'EBUSY', `${found.name} is bound to ${bound}`);
    const failure = this.#core.probe(registered, found);
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
    this.#core.release(found);
  }

  /**
   * Write to the driver's `new_id`: `vvvv dddd [svvvv sdddd class mask data]`. The driver is then probed for every device
   * without a driver that it matches. Unlike Linux, the seventh number, which is the driver's own, is not looked up in its
   * table.
   *
   * @throws `ERR_REFUSED` with `EINVAL` for less than two numbers, `EEXIST` when the driver knows such a device already
   * (not asked when all seven numbers are given), `ENOENT` without the driver.
   * @see Linux v6.1 drivers/pci/pci-driver.c new_id_store()
   */
  newId(driver: string, text: string): void {
    const registered = this.#driver(driver);
    const id = idIn(text);
    if (id.fields < 7 && registered.knows(id)) throw refused('EEXIST', `${driver} knows such a device already`);
    registered.add(id);
    this.#core.attachDriver(registered);
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
    const id = idIn(text);
    if (!registered.remove(id)) throw refused('ENODEV', `${driver} was given no such id`);
  }

  /**
   * Write a device's name to `drivers_probe`: drivers are probed until one takes the device. Nothing happens when it has
   * one, or when none matches.
   *
   * @throws `ERR_REFUSED` with `ENODEV` when there is no such device, `EINVAL` (since 5.14) when the driver core refused.
   * @see Linux v6.1 drivers/base/bus.c drivers_probe_store()
   */
  probe(device: string): void {
    const found = this.#device(device);
    if (this.driverOf(found) !== undefined) return;
    const failure = this.#core.attach(found);
    if (failure) throw refused('EINVAL', failure.error.message);
  }

  /** What was written to `driver_override`. */
  overrideOf(device: Device): string | undefined {
    return this.#core.overrides.get(device);
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
    this.#core.driverOf(device);
    if (text.length >= OVERRIDE_LIMIT)
      throw refused('EINVAL', `a driver's name of ${text.length} characters is too long`);
    const [line = ''] = text.split('\n', 1);
    this.#core.setOverride(device, line === '' ? undefined : line);
  }
}
