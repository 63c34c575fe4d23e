import type { MachineEvent } from '@iommu/machine';

/** An event of a running machine as plain data: names in place of objects. */
export interface ControlEvent {
  /** What happened, by the names of `MachineEvent` of `@iommu/machine`. By it the others are there or absent. */
  readonly type: MachineEvent['type'];
  /** As sysfs spells it. */
  readonly device?: string;
  /** A kernel driver: `vfio-pci`. */
  readonly driver?: string;
  /** Number of a group. */
  readonly group?: number;
  /** Name of an IOMMU: `dmar0`. */
  readonly unit?: string;
}

export const eventText = (event: MachineEvent): ControlEvent => ({
  type: event.type,
  ...('device' in event && { device: event.device.name }),
  ...('driver' in event && { driver: event.driver }),
  ...('group' in event && { group: event.group.id }),
  ...('unit' in event && { unit: event.unit.name }),
});
