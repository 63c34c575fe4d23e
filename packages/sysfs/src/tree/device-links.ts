import type { Device } from '@iommu/core';
import { type Attribute, line } from './attribute.js';
import type { LinkRow } from './parts.js';
import { driverPath, groupPath, type Sys, unitOf, unitPath } from './sys.js';

/** Links that a device of any bus may have. */
export const DEVICE_LINKS: readonly LinkRow<Device>[] = [
  { name: 'subsystem', to: ({ bus }) => `bus/${bus}` },
  {
    name: 'driver',
    to: (device, { running }) => {
      const driver = running.iommu.kernelDriverOf(device);
      return driver === undefined ? undefined : driverPath(device.bus, driver);
    },
  },
  {
    name: 'iommu',
    rule: 'unit-class',
    to: (device, sys) => {
      const unit = unitOf(sys, device);
      return unit && unitPath(unit);
    },
  },
  {
    name: 'iommu_group',
    to: (device, { running, kernel }) => {
      const group = kernel.rule('group-link') === undefined ? running.iommu.groups.of(device) : undefined;
      return group && groupPath(group);
    },
  },
];

/**
 * Before 3.6 the file `iommu_group` held a number that devices of one group share: segment and requester id of one of
 * them. Unlike Linux, which asked its drivers, it is here the lowest of the members.
 */
const groupNumber = (device: Device, { running }: Sys): number | undefined => {
  const members = running.iommu.groups.of(device)?.devices ?? [];
  const keys = members.map((member) => Number((member as Partial<{ key: number }>).key ?? Number.NaN));
  return keys.length === 0 || keys.some(Number.isNaN) ? undefined : Math.min(...keys);
};

/** In place of the link, before 3.6. */
export const GROUP_NUMBER_FILE: Attribute<Device> = {
  name: 'iommu_group',
  mode: 0o444,
  format: '%u',
  read: (device, sys) => line(groupNumber(device, sys)),
};
