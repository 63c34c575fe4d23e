import type { Device } from '@iommu/core';
import type { Tell } from './changes.js';
import { boundTo } from './drivers.js';
import { moduleOf, modulePath } from './modules.js';
import { devicePath, driverPath, type Sys } from './sys.js';

/** Paths that come and go with kernel drivers. */
export class DriverChanges {
  readonly #sys: Sys;
  readonly #tell: Tell;

  constructor(sys: Sys, tell: Tell) {
    this.#sys = sys;
    this.#tell = tell;
  }

  bound(type: 'added' | 'removed', device: Device, driver: string): void {
    const { bus, name } = device;
    const path = devicePath(device);
    const directory = driverPath(bus, driver);
    this.#tell(type, `${path}/driver`);
    // Of other buses than PCI a driver is known only as long as it is bound.
    const stays = bus === 'pci' || this.#isBoundToOthers(device, driver);
    this.#tell(type, stays ? `${directory}/${name}` : directory);
    this.#tell('changed', `${path}/uevent`, `${path}/sriov_totalvfs`);
  }

  #isBoundToOthers(device: Device, driver: string): boolean {
    for (const other of boundTo(this.#sys, device.bus, driver)) if (other !== device) return true;
    return false;
  }

  registered(type: 'added' | 'removed', driver: string): void {
    this.#tell(type, driverPath('pci', driver));
    const module = moduleOf(driver);
    if (module === undefined) return;
    const { names } = this.#sys.running.kernelDrivers;
    const others = names.some((name) => name !== driver && moduleOf(name) === module);
    this.#tell(type, others ? `${modulePath(module)}/drivers/pci:${driver}` : modulePath(module));
  }
}
