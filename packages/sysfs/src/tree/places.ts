import type { Device, IommuUnit } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { busPath, isPciDevice, type PciBus, tryParsePciAddress } from '@iommu/pci';
import { devicePath, unitPath } from './sys.js';

/** Something that has a directory below `/sys/devices` and is no PCI function. */
export type Place =
  | { readonly kind: 'device'; readonly device: Device }
  | { readonly kind: 'unit'; readonly unit: IommuUnit }
  | { readonly kind: 'root-bus'; readonly bus: PciBus }
  /** A platform device of which only the place is known, because something stands below it. */
  | { readonly kind: 'platform'; readonly path: string }
  /** A directory that is no device: `iommu`, `virtual`. */
  | { readonly kind: 'between'; readonly path: string };

const PLATFORM = 'devices/platform';

const NOTHING: ReadonlyMap<string, Place> = new Map();

export const split = (path: string): readonly [above: string, name: string] => {
  const at = path.lastIndexOf('/');
  return [path.slice(0, at), path.slice(at + 1)];
};

/** The directory of a root bus: that of its host bridge. */
export const rootBusPath = (bus: PciBus): string => `devices/${busPath(bus)}`;

/**
 * Where everything below `/sys/devices` stands that is no PCI function: host bridges, units, devices of other buses,
 * and what is between. Found when first asked for, and again after {@link forget}.
 */
export class Places {
  readonly #running: RunningMachine;
  readonly #hasUnits: boolean;
  #below: Map<string, Map<string, Place>> | undefined;
  #devices: readonly Device[] = [];
  readonly #rootBuses = new Set<PciBus>();

  constructor(running: RunningMachine) {
    this.#running = running;
    this.#hasUnits = running.kernel.rule('unit-class') !== 'none';
  }

  /** Units came or went. */
  forget(): void {
    this.#below = undefined;
    this.#rootBuses.clear();
  }

  /** A device came. */
  added(device: Device): void {
    const isFound = isPciDevice(device) && (device.pciBus.parent || this.#rootBuses.has(device.pciBus));
    if (!isFound) this.forget();
  }

  /** A device went, and with a function perhaps its bus, or the segment that it hosted. */
  removed(device: Device): void {
    const { topology } = this.#running;
    const isGone = (bus: PciBus) => topology.bus(bus.segment, bus.number) !== bus;
    if (!isPciDevice(device) || [...this.#rootBuses].some(isGone)) this.forget();
  }

  /** What stands directly below a directory, by name. */
  below(path: string): ReadonlyMap<string, Place> {
    return this.#found().get(path) ?? NOTHING;
  }

  /** Devices of other buses than PCI. */
  get devices(): readonly Device[] {
    this.#found();
    return this.#devices;
  }

  /** The units that have a directory. */
  get units(): readonly IommuUnit[] {
    return this.#hasUnits ? this.#running.iommu.units : [];
  }

  /** Paths of the platform devices that only their places tell of. */
  *platform(): Generator<string> {
    for (const places of this.#found().values())
      for (const place of places.values()) if (place.kind === 'platform') yield place.path;
  }

  /** Every place by its path. */
  *all(): Generator<readonly [path: string, place: Place]> {
    for (const [above, places] of this.#found()) for (const [name, place] of places) yield [`${above}/${name}`, place];
  }

  at(path: string): Place | undefined {
    const [above, name] = split(path);
    return this.below(above).get(name);
  }

  #found(): Map<string, Map<string, Place>> {
    if (this.#below) return this.#below;
    const below = new Map<string, Map<string, Place>>();
    this.#below = below;
    this.#devices = this.#running.devices.filter((device) => !isPciDevice(device));
    for (const bus of this.#running.topology.buses) {
      if (bus.parent) continue;
      this.#rootBuses.add(bus);
      this.#add(below, rootBusPath(bus), { kind: 'root-bus', bus });
    }
    for (const device of this.#devices) this.#add(below, devicePath(device), { kind: 'device', device });
    for (const unit of this.units) this.#add(below, unitPath(unit), { kind: 'unit', unit });
    this.#add(below, PLATFORM, { kind: 'between', path: PLATFORM });
    return below;
  }

  #add(below: Map<string, Map<string, Place>>, path: string, place: Place): void {
    const [above, name] = split(path);
    const places = below.get(above);
    const isKnown = place.kind !== 'between' && place.kind !== 'platform';
    if (!places) below.set(above, new Map([[name, place]]));
    else if (isKnown || !places.has(name)) places.set(name, place);
    // Functions come and go, and have a directory of their own.
    if (places || above === 'devices' || tryParsePciAddress(split(above)[1])) return;
    const isDevice = above.startsWith(`${PLATFORM}/`) && place.kind !== 'unit';
    this.#add(below, above, { kind: isDevice ? 'platform' : 'between', path: above });
  }
}
