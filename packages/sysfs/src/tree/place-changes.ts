import { type Place, split } from './places.js';
import type { Sys } from './sys.js';

/** What places show elsewhere: links of buses and of the class of units, and the buses themselves. */
const shownElsewhere = function* ({ places }: Sys): Generator<string> {
  for (const { bus } of places.devices) if (bus !== 'pci' && bus !== 'platform') yield `bus/${bus}`;
  for (const { bus, name } of places.devices) yield `bus/${bus}/devices/${name}`;
  for (const path of places.platform()) yield `bus/platform/devices/${split(path)[1]}`;
  for (const unit of places.units) yield `class/iommu/${unit.name}`;
};

/** What a directory at a place shows: another one of the same path is another directory. */
const identityOf = (place: Place): unknown => {
  switch (place.kind) {
    case 'device':
      return place.device;
    case 'unit':
      return place.unit;
    case 'root-bus':
      return place.bus;
    default:
      return place.kind;
  }
};

/** Everything of {@link Places} by path, with what it shows. */
const snapshot = (sys: Sys): Map<string, unknown> => {
  const all = new Map<string, unknown>();
  for (const [path, place] of sys.places.all()) all.set(path, identityOf(place));
  for (const path of shownElsewhere(sys)) all.set(path, 'shown');
  return all;
};

/** Compares where things stand with where they stood: there are few of them. */
export class PlaceChanges {
  readonly #sys: Sys;
  #before: ReadonlyMap<string, unknown>;

  constructor(sys: Sys) {
    this.#sys = sys;
    this.#before = snapshot(sys);
  }

  /** Paths that vanished and appeared since the last call; of a subtree only its top. */
  next(): { readonly removed: readonly string[]; readonly added: readonly string[] } {
    const before = this.#before;
    const after = snapshot(this.#sys);
    this.#before = after;
    const differing = (one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>) => {
      const paths = new Set<string>();
      for (const [path, shows] of one) if (other.get(path) !== shows) paths.add(path);
      return [...paths].filter((path) => !hasAbove(paths, path));
    };
    return { removed: differing(before, after), added: differing(after, before) };
  }
}

const hasAbove = (paths: ReadonlySet<string>, path: string): boolean => {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    if (paths.has(path.slice(0, at))) return true;
  return false;
};
