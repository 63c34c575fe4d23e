import {
  type Device,
  type DeviceOutcome,
  type Diagnostic,
  type Group,
  type Iommu,
  IommuError,
  type Reason,
} from '@iommu/core';
import {
  addressKey,
  isPciDevice,
  type PciDevice,
  type PciTopology,
  parsePciAddress,
  tryParsePciAddress,
} from '@iommu/pci';
import { DRIVER_PACKAGES, type DriverPackage, packagesFor } from './driver-packages.js';
import type { ResolvedKernel } from './kernel.js';
import { managesDma } from './kernel-drivers.js';
import type { Machine, MachineDevice, MachinePciFunction } from './machine.js';
import { pciFunction } from './pci-function.js';
import { platformDevice } from './platform.js';
import type { OrderDoubts } from './probe-at-boot.js';

/** @internal What {@link boot} puts together. */
export interface RunningParts {
  readonly machine: Machine;
  readonly kernel: ResolvedKernel;
  readonly topology: PciTopology;
  readonly iommu: Iommu;
  /** Names of the drivers that were given, whether they found IOMMUs or not. */
  readonly installed: ReadonlySet<string>;
  readonly assumed: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly doubts: OrderDoubts;
}

/** A machine whose IOMMUs have registered: its groups, and devices that come and go. Made by `boot()`. */
export class RunningMachine {
  /** The description that it was booted from; it does not follow later changes. */
  readonly machine: Machine;
  readonly kernel: ResolvedKernel;
  readonly topology: PciTopology;
  readonly iommu: Iommu;
  /** What was supposed of the firmware because the description holds none; the ids then are a guess. */
  readonly assumed: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Devices of which only the order of probes, which is not known, decides whether they have an IOMMU. */
  readonly contested: ReadonlySet<Device>;
  readonly #sureIds: ReadonlySet<Group> | undefined;
  readonly #installed: ReadonlySet<string>;
  readonly #byName = new Map<string, Device>();

  /** @internal */
  constructor({ machine, kernel, topology, iommu, installed, assumed, diagnostics, doubts }: RunningParts) {
    this.machine = machine;
    this.kernel = kernel;
    this.topology = topology;
    this.iommu = iommu;
    this.assumed = assumed;
    this.diagnostics = diagnostics;
    this.contested = doubts.contested;
    this.#sureIds = doubts.sureIds;
    this.#installed = installed;
    for (const device of iommu.devices) if (!isPciDevice(device)) this.#byName.set(device.name, device);
  }

  /** All devices, in the order of their registration. */
  get devices(): readonly Device[] {
    return this.iommu.devices;
  }

  /** @param name - As sysfs spells it; of a PCI address in segment 0 the segment may be left out. */
  find(name: string): Device | undefined {
    return this.topology.find(name) ?? this.#byName.get(name);
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
    return first?.rule === 'no-iommu' ? { ...outcome, reasons: [this.#withoutDriver(device)] } : outcome;
  }

  #withoutDriver(device: Device): Reason {
    const reason = (rule: string, text: string): Reason => ({
      rule,
      text,
      source: 'iommu_probe_device()',
      devices: [device],
    });
    const missing = packagesFor(this.machine.firmware ?? {}).find(({ driver }) => !this.#installed.has(driver));
    if (missing)
      return reason(
        'no-driver',
        `The firmware describes ${missing.hardware}, and no driver for it is installed: install ${missing.package}.`,
      );
    if (this.machine.firmware)
      return reason(
        'no-iommu-in-firmware',
        'The firmware describes no IOMMU: it is absent, or switched off in the firmware settings.',
      );
    const likely = this.#likelyDriver();
    if (likely && !this.#installed.has(likely.driver)) {
      return reason(
        'no-driver',
        `The machine looks like one with ${likely.hardware}, and no driver for it is installed: install ${likely.package}.`,
      );
    }
    return reason(
      'no-firmware-in-input',
      'The input holds no firmware tables, and no driver knows what to suppose of such a machine.',
    );
  }

  #likelyDriver(): DriverPackage | undefined {
    const vendor = this.topology.devices[0]?.facts.vendor;
    if (vendor === 0x8086) return DRIVER_PACKAGES['DMAR'];
    if (vendor === 0x1022 || vendor === 0x1002) return DRIVER_PACKAGES['IVRS'];
    return this.kernel.arch === 'arm64' ? DRIVER_PACKAGES['IORT'] : undefined;
  }

  /**
   * Plug a PCI function in; the bridge above it must be there.
   *
   * @throws IommuError `ERR_PCI_ADDRESS`, `ERR_PCI_DUPLICATE`, `ERR_MACHINE`
   */
  addPciFunction(description: MachinePciFunction): Device {
    const device = this.topology.add(pciFunction(description));
    try {
      this.iommu.addDevice(device);
    } catch (error) {
      this.topology.remove(device);
      throw error;
    }
    this.topology.settle(device);
    return device;
  }

  /**
   * Find again what was taken out and is still plugged in: every function of the description that is not registered,
   * by ascending address. Virtual functions are no hardware, and what is behind a bridge needs the bridge.
   *
   * @see Linux v6.1 drivers/pci/pci-sysfs.c rescan_store()
   */
  rescan(): Device[] {
    const isFound = (address: string | null | undefined) => !address || this.topology.find(address) !== undefined;
    const missing = (this.machine.pci?.functions ?? []).filter(
      ({ address, physicalFunction }) => physicalFunction === undefined && !isFound(address),
    );
    const added: Device[] = [];
    for (const description of missing.sort((a, b) => keyOf(a) - keyOf(b)))
      if (isFound(description.parent)) added.push(this.addPciFunction(description));
    return added;
  }

  /** Add a device of another bus. @throws IommuError `ERR_DEVICE_EXISTS` */
  addDevice(description: MachineDevice): Device {
    if (this.#byName.has(description.name))
      throw new IommuError('ERR_DEVICE_EXISTS', `${description.name} is there already`);
    const device = platformDevice(description);
    this.iommu.addDevice(device);
    this.#byName.set(device.name, device);
    return device;
  }

  /** Take a device out, and before it all that is behind it, the last first. @throws IommuError `ERR_DEVICE_UNKNOWN` */
  removeDevice(device: Device): void {
    if (isPciDevice(device)) for (const behind of this.#behind(device)) this.removeDevice(behind);
    this.iommu.removeDevice(device);
    if (isPciDevice(device)) this.topology.remove(device);
    else this.#byName.delete(device.name);
  }

  /** The bus behind a bridge, virtual functions, the segment that an endpoint hosts: the last first. */
  #behind(device: PciDevice): PciDevice[] {
    const { subordinate } = device;
    const goes = ({ pciBus, physicalFunction }: PciDevice): boolean =>
      physicalFunction === device ||
      pciBus.host === device ||
      pciBus === subordinate ||
      (subordinate !== undefined && pciBus.parent === subordinate && !pciBus.self);
    return this.topology.devices.filter(goes).reverse();
  }

  /** A kernel driver is probed for the device, whether it takes it or not. @throws IommuError `ERR_DEVICE_UNKNOWN` */
  probeDriver(device: Device): void {
    this.iommu.probeDriver(device);
  }

  /** Bind a kernel driver by name, as far as DMA ownership goes. @throws IommuError `ERR_REFUSED` with the errno */
  bindDriver(device: Device, name: string): void {
    this.iommu.bindDriver(device, { name, managesDma: managesDma(name) });
  }
}

const keyOf = ({ address }: MachinePciFunction): number => {
  const { segment, rid } = parsePciAddress(address);
  return addressKey(segment, rid);
};
