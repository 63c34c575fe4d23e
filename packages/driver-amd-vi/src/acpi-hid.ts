import type { Device, GroupAccess, GroupDecision, Reason } from '@iommu/core';
import { formatPciAddress } from '@iommu/pci';
import type { AcpiHidDevice } from './device-table.js';

/** Where a device of ACPI stands in the table; `ambiguous`: several entries could be meant, and Linux takes none. */
export type AcpiHidMatch = AcpiHidDevice | 'ambiguous' | undefined;

/**
 * Find the entry of a device by its ACPI ids. One whose unique id fits, or that names none, wins; else, since 6.16, the
 * only one with the hardware id.
 *
 * @param byHidAlone - Whether the release knows that second way.
 * @see Linux v7.0 drivers/iommu/amd/iommu.c get_acpihid_device_id()
 */
export const matchAcpiHid = (
  entries: readonly AcpiHidDevice[],
  { hardwareId, uniqueId }: Device,
  byHidAlone: boolean,
): AcpiHidMatch => {
  if (hardwareId === undefined) return undefined;
  const sameHid = entries.filter(({ entry }) => entry.hid === hardwareId);
  const exact = sameHid.find(({ entry }) => entry.uid === undefined || entry.uid === uniqueId);
  if (exact || !byHidAlone) return exact;
  return sameHid.length > 1 ? 'ambiguous' : sameHid[0];
};

const keyOf = ({ segment, entry }: AcpiHidDevice): number => segment * 0x10000 + entry.deviceId;

/** Devices of ACPI that do their DMA with the same requester id share a group. */
export class AcpiHidGroups {
  readonly #members = new Map<number, Set<Device>>();

  /** @see Linux v7.0 drivers/iommu/amd/iommu.c acpihid_device_group() */
  groupOf(device: Device, match: AcpiHidDevice, groups: GroupAccess): GroupDecision {
    const key = keyOf(match);
    const members = this.#members.get(key) ?? new Set();
    this.#members.set(key, members);
    const id = formatPciAddress({ segment: match.segment, rid: match.entry.deviceId });
    for (const member of members) {
      const group = groups.get(member);
      if (!group) continue;
      members.add(device);
      return { group, reasons: [sharedId(device, member, id)] };
    }
    members.add(device);
    return { group: groups.alloc(), reasons: [ownId(device, id)] };
  }

  release(device: Device): void {
    for (const members of this.#members.values()) members.delete(device);
  }
}

const sharedId = (device: Device, other: Device, id: string): Reason => ({
  rule: 'acpi-hid-same-id',
  text: `${device.name} and ${other.name} do their DMA with the same requester id, ${id}, as the IVRS says.`,
  source: 'acpihid_device_group()',
  devices: [other],
});

const ownId = (device: Device, id: string): Reason => ({
  rule: 'acpi-hid-own-id',
  text: `${device.name} is no PCI device; the IVRS gives it the requester id ${id}, and no device with a group has the same.`,
  source: 'acpihid_device_group()',
  devices: [device],
});
