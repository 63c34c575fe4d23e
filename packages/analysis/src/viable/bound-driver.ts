import type { Device } from '@iommu/core';
import type { PlatformDevice, RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import type { BoundDriverName } from './viability-rule.js';

/** The driver that a device is bound to; what the description does not tell, and nothing was bound since, is unknown. */
export const boundDriver = ({ iommu }: RunningMachine, device: Device): BoundDriverName => {
  const bound = iommu.kernelDriverOf(device);
  if (bound !== undefined) return bound;
  const { driver } = isPciDevice(device) ? device.description : (device as PlatformDevice).description;
  return driver === undefined ? undefined : null;
};
