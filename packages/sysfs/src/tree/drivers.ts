import type { Device } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';

/** Names of the drivers of one bus that have a directory. */
export const driverNames = (running: RunningMachine, bus: string): readonly string[] => {
  const names = new Set<string>();
  for (const device of running.devices) {
    const driver = device.bus === bus ? running.iommu.kernelDriverOf(device) : undefined;
    if (driver !== undefined) names.add(driver);
  }
  return [...names];
};

/** The devices that a driver is bound to. */
export function* boundTo(running: RunningMachine, bus: string, driver: string): Generator<Device> {
  for (const device of running.devices)
    if (device.bus === bus && running.iommu.kernelDriverOf(device) === driver) yield device;
}
