import type { Device, Group, IommuUnit } from '@iommu/core';
import type { ResolvedKernel, RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import type { Directories } from './directories.js';
import type { Members } from './iommu-groups.js';
import type { Places } from './places.js';

/** What all parts of one tree share. */
export interface Sys {
  readonly running: RunningMachine;
  readonly kernel: ResolvedKernel;
  readonly places: Places;
  readonly directories: Directories;
  readonly members: Members;
}

export const devicePath = ({ path }: Pick<Device, 'path'>): string => `devices/${path}`;

/** Whether the machine has the device as it is, and not another of its name. */
export const isThere = ({ running }: Sys, device: Device): boolean =>
  isPciDevice(device)
    ? running.topology.at(device.segment, device.rid) === device
    : running.find(device.name) === device;

/** Where a unit stands below `/sys`. */
export const unitPath = ({ name, parent }: IommuUnit): string => `devices/${parent ?? 'virtual'}/iommu/${name}`;

export const groupPath = ({ id }: Group): string => `kernel/iommu_groups/${id}`;

export const driverPath = (bus: string, driver: string): string => `bus/${bus}/drivers/${driver}`;

/** The unit that a grouped device is linked to. */
export const unitOf = ({ running }: Sys, device: Device): IommuUnit | undefined => running.iommu.outcomeOf(device).unit;
