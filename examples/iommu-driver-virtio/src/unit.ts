import type { Device, IommuUnit, ReservedRegion, UnitFound, UnitNone } from '@iommu/core';

/** The device that carries a virtio-iommu: a PCI function, or a device with registers in memory. */
export interface Carrier {
  /** `0000:00:01.0`, `a000000.virtio_mmio`. */
  readonly name: string;
  /** Below `/sys/devices`. */
  readonly path: string;
}

/** Which IOMMU translates a device, and the ids by which it knows the device. */
export interface Endpoint {
  readonly carrier: Carrier;
  /** 32 bits each; that of the device's own requester id first. */
  readonly ids: readonly number[];
}

/** A virtio-iommu in use. */
export interface VirtioUnit extends IommuUnit {
  readonly carrier: Carrier;
}

export interface VirtioFound extends UnitFound {
  readonly unit: VirtioUnit;
}

/** One kind of firmware, read: which virtio-iommus it names and who is behind them. */
export interface VirtioFirmware {
  /** The virtio-iommus that it names and that are there, in its order. */
  readonly carriers: readonly Carrier[];
  /** What the kernel's reader of this firmware asks of buses. */
  readonly busFeatures: readonly string[];
  /** `undefined`: the firmware does not speak of the device. */
  endpointOf(device: Device): Endpoint | UnitNone | undefined;
  /** Memory that the firmware reserves for the device. */
  regionsOf(device: Device): readonly ReservedRegion[];
  /** Where devices write their interrupts, as the firmware says; `undefined`: it does not. */
  readonly interruptPage: ReservedRegion | undefined;
}

export const none = (device: Device, rule: string, text: string, source: string): UnitNone => ({
  none: { rule, text, source, devices: [device] },
});
