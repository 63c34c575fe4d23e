import type { Device } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice, realDmaDevice } from '@iommu/pci';
import type { Subject } from './subject.js';

export const isAtOrBehind = (one: Device, device: Device): boolean => `${one.path}/`.startsWith(`${device.path}/`);

/**
 * Whether a device can be taken out and found again with all that hangs on it: nothing there carries a unit, hosts a segment,
 * or has virtual functions, which a rescan does not bring back.
 */
const canReturn = ({ iommu, topology }: RunningMachine, device: Device): boolean => {
  if (!isPciDevice(device) || device.isVirtualFunction) return false;
  if (iommu.units.some(({ parent }) => parent !== undefined && `${parent}/`.startsWith(`${device.path}/`)))
    return false;
  return !topology.devices.some((other) => {
    const host = other.physicalFunction ?? realDmaDevice(other);
    return host !== other && isAtOrBehind(host, device);
  });
};

/** Devices that can be taken out and come back. */
export const removable = (running: RunningMachine): Device[] =>
  running.devices.filter((device) => canReturn(running, device));

/** Take out all that can come back, and have the kernel look for it. */
export const takeAllOut = (running: RunningMachine): void => {
  for (const device of removable(running).reverse()) if (running.devices.includes(device)) running.removeDevice(device);
};

/** Have the kernel find what is not registered, and probe for it. */
export const bringBack = (subject: Subject, running: RunningMachine): void => {
  running.rescan();
  subject.probe(running);
};
