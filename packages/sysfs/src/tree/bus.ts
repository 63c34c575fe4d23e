import type { Device } from '@iommu/core';
import type { KernelDrivers, RunningMachine } from '@iommu/machine';
import type { PciDevice } from '@iommu/pci';
import { type Attribute, notModelled } from './attribute.js';
import type { Directory, DirectoryKind, Part } from './directory.js';
import { boundTo, driverNames, hasDriver } from './drivers.js';
import { parseUnsigned } from './kernel-numbers.js';
import { moduleOf, modulePath } from './modules.js';
import { collection, files, linkCollection, linkIn, links, subdirectory } from './parts.js';
import { split } from './places.js';
import { devicePath, type Sys } from './sys.js';

/** A bus, by its name. */
export interface Bus {
  readonly name: string;
}

/** A kernel driver of a bus. */
export interface BusDriver {
  readonly bus: string;
  readonly name: string;
}

/** What is written to a file of the PCI bus; drivers of other buses are not modelled. */
const onPci =
  (write: (text: string, running: RunningMachine) => void) =>
  ({ name }: Bus, text: string, { running }: Sys): void =>
    name === 'pci' ? write(text, running) : notModelled();

const onPciDriver =
  (write: (driver: string, text: string, drivers: KernelDrivers) => void) =>
  ({ bus, name }: BusDriver, text: string, { running }: Sys): void =>
    bus === 'pci' ? write(name, text, running.kernelDrivers) : notModelled();

const only = (bus: string) => (subject: Bus) => subject.name === bus;

/** Files of every bus. @see Linux v7.0 drivers/base/bus.c bus_register() */
const BUS_FILES: readonly Attribute<Bus>[] = [
  {
    name: 'drivers_autoprobe',
    mode: 0o644,
    format: '%u',
    read: ({ name }, { running }) => (name === 'pci' && !running.kernelDrivers.autoprobe ? '0\n' : '1\n'),
    write: onPci((text, { kernelDrivers }) => {
      kernelDrivers.autoprobe = !text.startsWith('0');
    }),
  },
  {
    name: 'drivers_probe',
    mode: 0o200,
    format: 'name of a device',
    write: onPci((text, { kernelDrivers }) => kernelDrivers.probe(text)),
  },
  { name: 'uevent', mode: 0o200, format: 'an action', write: notModelled },
];

/** Files of the PCI bus besides. @see Linux v7.0 drivers/pci/pci-sysfs.c pci_bus_groups */
const PCI_FILES: readonly Attribute<Bus>[] = [
  {
    name: 'rescan',
    mode: 0o200,
    format: '1: look for functions everywhere',
    has: only('pci'),
    write: onPci((text, running) => {
      if (parseUnsigned(text) !== 0) running.rescan();
    }),
  },
];

/** Files of a driver. @see Linux v7.0 drivers/base/bus.c bus_add_driver(); drivers/pci/pci-driver.c pci_drv_groups */
const DRIVER_FILES: readonly Attribute<BusDriver>[] = [
  {
    name: 'bind',
    mode: 0o200,
    format: 'name of a device',
    write: onPciDriver((driver, text, drivers) => drivers.bind(driver, text)),
  },
  {
    name: 'unbind',
    mode: 0o200,
    format: 'name of a device',
    write: onPciDriver((driver, text, drivers) => drivers.unbind(driver, text)),
  },
  { name: 'uevent', mode: 0o200, format: 'an action', write: notModelled },
];

/** Files of a PCI driver besides. */
const PCI_DRIVER_FILES: readonly Attribute<BusDriver>[] = [
  {
    name: 'new_id',
    mode: 0o200,
    format: 'vendor, device, subsystem vendor and device, class, mask, data in hexadecimal; two suffice',
    has: ({ bus }) => bus === 'pci',
    write: onPciDriver((driver, text, drivers) => drivers.newId(driver, text)),
  },
  {
    name: 'remove_id',
    mode: 0o200,
    format: 'as new_id, without the data',
    has: ({ bus }) => bus === 'pci',
    write: onPciDriver((driver, text, drivers) => drivers.removeId(driver, text)),
  },
];

/** The directory of a driver. */
export const driverKind = (sys: Sys): DirectoryKind<BusDriver> => {
  const { running } = sys;
  const isThere = ({ bus, name }: BusDriver) => hasDriver(sys, bus, name);
  const devices = linkCollection<BusDriver, Device>({
    all: ({ subject }) => boundTo(sys, subject.bus, subject.name),
    find(name, { subject }) {
      const device = running.find(name);
      if (device?.name !== name || device.bus !== subject.bus) return undefined;
      return running.iommu.kernelDriverOf(device) === subject.name ? device : undefined;
    },
    name: ({ name }) => name,
    path: devicePath,
  });
  const module = links<BusDriver>(sys, [
    {
      name: 'module',
      to({ bus, name }) {
        const found = bus === 'pci' ? moduleOf(name) : undefined;
        return found === undefined ? undefined : modulePath(found);
      },
    },
  ]);
  return { isThere, parts: [files(sys, [...DRIVER_FILES, ...PCI_DRIVER_FILES]), module, devices] };
};

const driversOf = (sys: Sys): Part<Bus> =>
  collection<Bus, BusDriver>({
    *all({ subject }) {
      for (const name of driverNames(sys, subject.name)) yield { bus: subject.name, name };
    },
    find: (name, { subject }) => (hasDriver(sys, subject.name, name) ? { bus: subject.name, name } : undefined),
    name: ({ name }) => name,
    node: (driver) => sys.directories.driver(driver),
  });

/** The links of a bus to its devices, in the order of their registration. */
const pciDevices = ({ running }: Sys): Part<Bus> =>
  linkCollection<Bus, PciDevice>({
    all: () => running.topology.devices,
    find(name) {
      const device = running.topology.find(name);
      return device?.name === name ? device : undefined;
    },
    name: ({ name }) => name,
    path: devicePath,
  });

const otherDevices = (sys: Sys): Part<Bus> =>
  linkCollection<Bus, Device>({
    *all({ subject }) {
      for (const device of sys.places.devices) if (device.bus === subject.name) yield device;
    },
    find(name, { subject }) {
      const device = sys.running.find(name);
      return device?.name === name && device.bus === subject.name ? device : undefined;
    },
    name: ({ name }) => name,
    path: devicePath,
  });

/** Platform devices of which only the place is known. */
const placedDevices = (sys: Sys): Part<Bus> => {
  const pathOf = (name: string) => [...sys.places.platform()].find((path) => split(path)[1] === name);
  return {
    *names({ subject }) {
      if (subject.name === 'platform') for (const path of sys.places.platform()) yield split(path)[1];
    },
    child(name, directory: Directory<Bus>) {
      const path = directory.subject.name === 'platform' ? pathOf(name) : undefined;
      return path === undefined ? undefined : linkIn(directory, name, path);
    },
  };
};

/** The directory of a bus. */
export const busKind = (sys: Sys, name: string): DirectoryKind<Bus> => {
  const isThere = () => name === 'pci' || name === 'platform' || sys.places.devices.some(({ bus }) => bus === name);
  const devices = name === 'pci' ? [pciDevices(sys)] : [otherDevices(sys), placedDevices(sys)];
  return {
    isThere,
    parts: [
      subdirectory('devices', { isThere, parts: devices }),
      subdirectory('drivers', { isThere, parts: [driversOf(sys)] }),
      subdirectory('slots', { isThere, parts: [] }, only('pci')),
      files(sys, [...BUS_FILES, ...PCI_FILES]),
    ],
  };
};
