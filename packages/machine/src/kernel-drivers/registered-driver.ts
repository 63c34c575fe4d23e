import { bootParameters, type Kernel } from '@iommu/core';
import type { PciDevice } from '@iommu/pci';
import { knownIds } from './known-drivers.js';
import { managesDma } from './manages-dma.js';
import { identityOf, matchesId, PCI_ANY_ID, type PciId, type PciIdentity } from './pci-id.js';

/** The driver of PCI Express ports: part of the kernel, and of none of its modules. */
export const PORT_DRIVER = 'pcieport';

/** Whether the kernel has it. @see Linux v6.1 drivers/pci/pcie/portdrv.c pcie_port_setup() */
export const hasPortDriver = (kernel: Kernel): boolean => !bootParameters(kernel, 'pcie_ports').includes('compat');

/** Whether a driver knows no devices of its own: it must be told of each by `new_id` or `driver_override`. */
export const isToldOfDevices = (driver: string): boolean => driver !== PORT_DRIVER && managesDma(driver);

/** What a driver brings along. */
export interface DriverDetails {
  readonly ids?: readonly PciId[] | undefined;
  readonly managesDma?: boolean | undefined;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Ids that descriptions show; it adds to them. */
  readonly learned?: PciId[];
}

/** A driver that is registered with the PCI bus. */
export class RegisteredDriver {
  readonly name: string;
  readonly managesDma: boolean;
  /** Of its module, as they were given when it was loaded. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The table that it was built with. */
  readonly #ids: readonly PciId[];
  readonly #learned: PciId[];
  /** Ids that were added by `new_id`, in their order. */
  #dynamic: readonly PciId[] = [];

  constructor(name: string, details: DriverDetails = {}) {
    const { ids = [], managesDma: manages = managesDma(name), parameters = {}, learned = [] } = details;
    this.name = name;
    this.managesDma = manages;
    this.parameters = parameters;
    this.#ids = [...knownIds(name), ...ids];
    this.#learned = learned;
  }

  /** The device is known to be one of the driver's, and with it all that have its number. */
  learn(known: PciDevice): void {
    const { vendor, device } = known.facts;
    if (vendor === undefined || device === undefined || isToldOfDevices(this.name)) return;
    if (this.knows(identityOf(known))) return;
    this.#learned.push({ vendor, device, subvendor: PCI_ANY_ID, subdevice: PCI_ANY_ID, class: 0, classMask: 0 });
  }

  knows(identity: PciIdentity): boolean {
    return [this.#dynamic, this.#ids, this.#learned].some((ids) => ids.some((id) => matchesId(id, identity)));
  }

  /** @see Linux v6.1 drivers/pci/pci-driver.c pci_match_device() */
  matches(device: PciDevice, override: string | undefined): boolean {
    if (override !== undefined) return override === this.name;
    if (this.knows(identityOf(device))) return true;
    // Of a device without ids in the description, the description tells no more than this.
    return device.description.driver === this.name && !isToldOfDevices(this.name);
  }

  /** @see Linux v6.1 drivers/pci/pci-driver.c pci_add_dynid() */
  add(id: PciId): void {
    this.#dynamic = [...this.#dynamic, id];
  }

  /** @returns Whether there was such an id. @see Linux v6.1 drivers/pci/pci-driver.c remove_id_store() */
  remove(id: PciId): boolean {
    const isMeant = (own: PciId): boolean =>
      own.vendor === id.vendor &&
      own.device === id.device &&
      (id.subvendor === PCI_ANY_ID || own.subvendor === id.subvendor) &&
      (id.subdevice === PCI_ANY_ID || own.subdevice === id.subdevice) &&
      ((own.class ^ id.class) & id.classMask) === 0;
    const at = this.#dynamic.findIndex(isMeant);
    if (at < 0) return false;
    this.#dynamic = this.#dynamic.toSpliced(at, 1);
    return true;
  }
}
