import type { Device, Group, IommuUnit } from '@iommu/core';
import type { PciBus, PciDevice } from '@iommu/pci';
import { type Bus, type BusDriver, busKind, driverKind } from './bus.js';
import { Directory, type DirectoryKind, NodesOf } from './directory.js';
import { groupKind } from './iommu-groups.js';
import { otherDeviceKind, placedKind } from './other-device.js';
import { busObjectKind, busObjectPath } from './pci-bus.js';
import { pciFunctionKind } from './pci-function.js';
import { pciRootKind } from './pci-root.js';
import { type Place, rootBusPath } from './places.js';
import { devicePath, driverPath, groupPath, type Sys, unitPath } from './sys.js';
import { unitKind } from './units.js';

type Placed = Extract<Place, { path: string }>;

/** A directory for each thing of a kind, held only while somebody uses it. */
const directoriesOf = <K extends object>(kind: DirectoryKind<K>, path: (one: K) => string) => {
  const nodes = new NodesOf<K, Directory<K>>();
  return (one: K): Directory<K> => nodes.get(one, () => new Directory(kind, one, path(one)));
};

/** A directory for each name of a kind. */
const directoriesByPath = <K>(kindOf: (one: K) => DirectoryKind<K>, path: (one: K) => string) => {
  const nodes = new Map<string, Directory<K>>();
  return (one: K): Directory<K> => {
    const where = path(one);
    const known = nodes.get(where);
    if (known) return known;
    const made = new Directory(kindOf(one), one, where);
    nodes.set(where, made);
    return made;
  };
};

/** The directories that show what comes and goes: the same object as long as that is there. */
export class Directories {
  readonly function: (device: PciDevice) => Directory<PciDevice>;
  readonly busObject: (bus: PciBus) => Directory<PciBus>;
  readonly group: (group: Group) => Directory<Group>;
  readonly driver: (driver: BusDriver) => Directory<BusDriver>;
  readonly bus: (bus: Bus) => Directory<Bus>;
  readonly #root: (bus: PciBus) => Directory<PciBus>;
  readonly #device: (device: Device) => Directory<Device>;
  readonly #unit: (unit: IommuUnit) => Directory<IommuUnit>;
  readonly #placed: (place: Placed) => Directory<Placed>;

  constructor(sys: Sys) {
    const driver = driverKind(sys);
    const placed = placedKind(sys);
    this.function = directoriesOf(pciFunctionKind(sys), devicePath);
    this.busObject = directoriesOf(busObjectKind(sys), busObjectPath);
    this.group = directoriesOf(groupKind(sys), groupPath);
    this.driver = directoriesByPath(
      () => driver,
      ({ bus, name }) => driverPath(bus, name),
    );
    this.bus = directoriesByPath(
      ({ name }) => busKind(sys, name),
      ({ name }) => `bus/${name}`,
    );
    this.#root = directoriesOf(pciRootKind(sys), rootBusPath);
    this.#device = directoriesOf(otherDeviceKind(sys), devicePath);
    this.#unit = directoriesOf(unitKind(sys), unitPath);
    this.#placed = directoriesByPath(
      () => placed,
      ({ path }) => path,
    );
  }

  place(place: Place): Directory<PciBus> | Directory<Device> | Directory<IommuUnit> | Directory<Placed> {
    switch (place.kind) {
      case 'root-bus':
        return this.#root(place.bus);
      case 'device':
        return this.#device(place.device);
      case 'unit':
        return this.#unit(place.unit);
      default:
        return this.#placed(place);
    }
  }
}
