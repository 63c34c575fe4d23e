import type {
  AssumedFirmware,
  BoundDriver,
  Device,
  IommuDriver,
  IommuUnit,
  Platform,
  Reason,
  Refusal,
} from '@iommu/core';
import { isPciDevice, pciDeviceGroup } from '@iommu/pci';

export interface ToyOptions extends Partial<Omit<BoundDriver, 'units' | 'unitOf'>> {
  readonly name?: string;
  /** Units by name, in the order of their registration; default one, `toy0`. */
  readonly units?: readonly string[];
  /** The unit of a device by its name; default the first, for every device. */
  readonly unitOf?: (device: Device) => string | undefined;
  /** The table without which it finds none of its IOMMUs; default: they are always there. */
  readonly table?: string;
  readonly assumed?: AssumedFirmware;
  /** Told of the platform when the driver binds. */
  readonly onBind?: (platform: Platform) => void;
}

export const because = (rule: string, device: Device): Reason => ({
  rule,
  text: `Because of ${rule}.`,
  source: 'the test',
  devices: [device],
});

/** A driver of no real hardware: groups PCI devices by the kernel's rule, and all others one by one. */
export const toy = ({
  name = 'toy',
  units = ['toy0'],
  unitOf = () => units[0],
  table,
  assumed,
  onBind,
  ...rest
}: ToyOptions = {}): IommuDriver => ({
  specVersion: 1,
  name,
  bind(platform) {
    if (table !== undefined && !platform.acpiTable(table)) return undefined;
    onBind?.(platform);
    const bound: IommuUnit[] = units.map((unit) => ({ name: unit }));
    return {
      units: bound,
      busFeatures: ['pci-acs'],
      unitOf(device) {
        const unit = bound.find((one) => one.name === unitOf(device));
        return unit && { unit, ids: [] };
      },
      deviceGroup: (device, groups) =>
        isPciDevice(device)
          ? pciDeviceGroup(device, groups)
          : { group: groups.alloc(), reasons: [because('alone', device)] },
      reservedRegions: () => [],
      ...rest,
    };
  },
  ...(assumed && { assume: () => assumed }),
});

/** What a driver answers that refuses a device. */
export const refusal = (errno: Refusal['errno'], device: Device): Refusal => ({
  errno,
  reason: because(errno, device),
});
