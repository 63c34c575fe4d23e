import { busPath, formatBus, type PciBus } from '@iommu/pci';
import { type Attribute, notModelled } from './attribute.js';
import type { Directory, DirectoryKind, Part } from './directory.js';
import { parseUnsigned } from './kernel-numbers.js';
import { collection, files, links, subdirectory } from './parts.js';
import { powerKind } from './power.js';
import type { Sys } from './sys.js';

/** A root bus, or a bus of virtual functions: both without a bridge of their own, in the directory of the one above. */
const nearest = (bus: PciBus): PciBus => (bus.self || !bus.parent ? bus : nearest(bus.parent));

export const busName = ({ segment, number }: PciBus): string => formatBus(segment, number);

/** `devices/pci0000:00/0000:00:1c.0/pci_bus/0000:01` */
export const busObjectPath = (bus: PciBus): string => `devices/${busPath(bus)}/pci_bus/${busName(bus)}`;

export const hasBus = ({ running }: Sys, bus: PciBus): boolean => running.topology.bus(bus.segment, bus.number) === bus;

/** Files of a bus. @see Linux v7.0 drivers/pci/pci-sysfs.c pcibus_attrs */
const PCI_BUS_FILES: readonly Attribute<PciBus>[] = [
  {
    name: 'rescan',
    mode: 0o200,
    format: '1: look for functions on the bus and behind it',
    write(bus, text, { running }) {
      if (parseUnsigned(text) !== 0) running.rescan(bus);
    },
  },
  { name: 'uevent', mode: 0o644, format: 'nothing', read: () => '', write: notModelled },
];

/** A bus as an object of the class `pci_bus`. */
export const busObjectKind = (sys: Sys): DirectoryKind<PciBus> => {
  const isThere = (bus: PciBus) => hasBus(sys, bus);
  return {
    isThere,
    parts: [
      files(sys, PCI_BUS_FILES),
      links<PciBus>(sys, [
        { name: 'device', to: (bus) => `devices/${busPath(bus)}` },
        { name: 'subsystem', to: () => 'class/pci_bus' },
      ]),
      subdirectory('power', powerKind(isThere)),
    ],
  };
};

/**
 * `pci_bus/` of a bridge or host bridge.
 *
 * @param busOf - The bus behind it, if there is one.
 */
export const busObjects = <S>(
  sys: Sys,
  isThere: (subject: S) => boolean,
  busOf: (subject: S) => PciBus | undefined,
): Part<S> => {
  const all = function* ({ subject }: Directory<S>): Generator<PciBus> {
    const bus = busOf(subject);
    if (!bus) return;
    yield bus;
    yield* bus.virtual;
  };
  const entries = collection<S, PciBus>({
    all,
    find: (name, { subject }) => {
      const bus = busNamed(sys.running.topology, name);
      return bus && nearest(bus) === busOf(subject) ? bus : undefined;
    },
    name: busName,
    node: (bus) => sys.directories.busObject(bus),
  });
  return subdirectory('pci_bus', { isThere, parts: [entries] }, (subject) => busOf(subject) !== undefined);
};

/** The bus of a name: `0000:01`. */
export const busNamed = (topology: Sys['running']['topology'], name: string): PciBus | undefined => {
  const [, segment, number] = /^([0-9a-f]{4,8}):([0-9a-f]{2})$/.exec(name) ?? [];
  if (segment === undefined || number === undefined) return undefined;
  const bus = topology.bus(Number.parseInt(segment, 16), Number.parseInt(number, 16));
  return bus && busName(bus) === name ? bus : undefined;
};

/** Functions whose directories stand in that of the bridge: on the bus behind it, and on buses of virtual functions. */
export const functionsBehind = <S>(sys: Sys, busOf: (subject: S) => PciBus | undefined): Part<S> =>
  collection({
    *all({ subject }) {
      const bus = busOf(subject);
      if (!bus) return;
      yield* bus.devices;
      for (const { devices } of bus.virtual) yield* devices;
    },
    find: (name, { subject }) => {
      const bus = busOf(subject);
      const device = bus && sys.running.topology.find(name);
      return device?.name === name && nearest(device.pciBus) === bus ? device : undefined;
    },
    name: ({ name }) => name,
    node: (device) => sys.directories.function(device),
  });
