import type { Device } from '@iommu/core';
import type { Sys } from './sys.js';

/** Drivers of the PCI bus are the machine's; of other buses those are known that are bound. */
const isBoundElsewhere = ({ running, places }: Sys, bus: string, driver?: string): Device[] =>
  places.devices.filter((device) => {
    const bound = device.bus === bus ? running.iommu.kernelDriverOf(device) : undefined;
    return bound !== undefined && (driver === undefined || bound === driver);
  });

/** Names of the drivers of a bus that have a directory. */
export const driverNames = (sys: Sys, bus: string): Iterable<string> => {
  const { running } = sys;
  if (bus === 'pci') return running.kernelDrivers.names;
  return new Set(isBoundElsewhere(sys, bus).map((device) => running.iommu.kernelDriverOf(device) ?? ''));
};

export const hasDriver = (sys: Sys, bus: string, driver: string): boolean =>
  bus === 'pci' ? sys.running.kernelDrivers.has(driver) : isBoundElsewhere(sys, bus, driver).length > 0;

/** The devices that a driver is bound to. */
export const boundTo = (sys: Sys, bus: string, driver: string): Iterable<Device> =>
  bus === 'pci' ? sys.running.kernelDrivers.boundTo(driver) : isBoundElsewhere(sys, bus, driver);
