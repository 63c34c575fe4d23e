import type {
  BoundDriver,
  Device,
  GroupAccess,
  GroupDecision,
  IommuDriver,
  IommuUnit,
  Platform,
  ReservedRegion,
  UnitFound,
  UnitNone,
} from '@iommu/core';
import { busOf, isPciDevice, pciDeviceGroup } from '@iommu/pci';
import { parseToyi, type Toyi, type ToyiEntry } from './parse-toyi.js';

/** The window of the Toy's interrupts. */
const INTERRUPTS: ReservedRegion = { start: 0xfee00000n, end: 0xfeefffffn, type: 'msi' };

interface ToyUnit extends IommuUnit {
  readonly entry: ToyiEntry;
}

/** The Toy IOMMU. */
export const toyIommu = (): IommuDriver => ({
  specVersion: 1,
  name: 'toy',
  bind(platform) {
    const table = platform.acpiTable('TOYI');
    return table && new BoundToy(platform, parseToyi(table));
  },
});

class BoundToy implements BoundDriver {
  readonly units: readonly ToyUnit[];

  constructor(platform: Platform, { entries, checksumOk }: Toyi) {
    // By their place, not by an address that two entries may share: names must be distinct.
    this.units = entries.map((entry, at) => ({ name: `toy${at}`, entry }));
    if (!checksumOk) {
      const message = 'the checksum of the TOYI is wrong';
      platform.report({ severity: 'firmware-bug', code: 'toyi-checksum', message });
    }
  }

  unitOf(device: Device): UnitFound | UnitNone | undefined {
    if (!isPciDevice(device)) return undefined;
    const { segment, rid } = device;
    const bus = busOf(rid);
    const unit = this.units.find(
      ({ entry }) => entry.segment === segment && entry.firstBus <= bus && bus <= entry.lastBus,
    );
    if (unit) return { unit, ids: [rid] };
    const text = `No entry of the TOYI has bus ${bus} of segment ${segment}.`;
    return { none: { rule: 'not-in-toyi', text, source: 'the TOYI table', devices: [device] } };
  }

  deviceGroup(device: Device, groups: GroupAccess): GroupDecision {
    if (isPciDevice(device)) return pciDeviceGroup(device, groups);
    const text = `${device.name} is no PCI device, and has a group of its own.`;
    const reason = { rule: 'one-group-per-device', text, source: 'generic_device_group()', devices: [device] };
    return { group: groups.alloc(), reasons: [reason] };
  }

  reservedRegions(): readonly ReservedRegion[] {
    return [INTERRUPTS];
  }
}
