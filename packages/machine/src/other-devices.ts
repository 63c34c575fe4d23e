import { type Device, type Iommu, IommuError } from '@iommu/core';
import { isPciDevice } from '@iommu/pci';
import type { DriverCore } from './kernel-drivers/driver-core.js';
import type { MachineDevice } from './machine.js';
import type { MachineEvent } from './machine-events.js';
import { type PlatformDevice, platformDevice } from './platform.js';
import type { ProbeLog } from './probe-log.js';

/** @internal */
export interface OtherDevicesParts {
  readonly iommu: Iommu;
  readonly drivers: DriverCore;
  readonly probes: ProbeLog;
  readonly emit: (event: MachineEvent) => void;
}

/** Devices of buses other than PCI, which come and go one by one. */
export class OtherDevices {
  readonly #parts: OtherDevicesParts;
  readonly #byName = new Map<string, PlatformDevice>();

  constructor(parts: OtherDevicesParts) {
    this.#parts = parts;
    for (const device of parts.iommu.devices) {
      if (!isPciDevice(device)) this.#byName.set(device.name, device as PlatformDevice);
    }
  }

  get descriptions(): readonly MachineDevice[] {
    return [...this.#byName.values()].map(({ description }) => description);
  }

  find(name: string): Device | undefined {
    return this.#byName.get(name);
  }

  /** @throws IommuError `ERR_DEVICE_EXISTS` */
  add(description: MachineDevice): Device {
    if (this.#byName.has(description.name))
      throw new IommuError('ERR_DEVICE_EXISTS', `${description.name} is there already`);
    const device = platformDevice(description);
    this.#parts.iommu.addDevice(device);
    this.#byName.set(device.name, device);
    this.#parts.emit({ type: 'device-added', device });
    return device;
  }

  /** @throws IommuError `ERR_DEVICE_UNKNOWN` */
  remove(device: Device): void {
    const { iommu, drivers, probes, emit } = this.#parts;
    drivers.release(device);
    try {
      iommu.removeDevice(device);
    } finally {
      this.#byName.delete(device.name);
      drivers.forget(device);
      probes.delete(device);
      emit({ type: 'device-removed', device });
    }
  }
}
