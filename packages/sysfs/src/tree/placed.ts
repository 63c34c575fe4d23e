import type { Part } from './directory.js';
import type { Sys } from './sys.js';

/** What stands in a directory and is no PCI function. */
export const placesBelow = <S>(sys: Sys): Part<S> => ({
  names: ({ path }) => sys.places.below(path).keys(),
  child(name, { path }) {
    const place = sys.places.below(path).get(name);
    return place && sys.directories.place(place);
  },
});
