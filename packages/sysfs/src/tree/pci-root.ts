import type { PciBus } from '@iommu/pci';
import { type Attribute, notModelled } from './attribute.js';
import type { DirectoryKind } from './directory.js';
import { files, subdirectory } from './parts.js';
import { busObjects, functionsBehind, hasBus } from './pci-bus.js';
import { placesBelow } from './placed.js';
import { powerKind } from './power.js';
import type { Sys } from './sys.js';

/** Files of a host bridge. */
const PCI_ROOT_FILES: readonly Attribute<PciBus>[] = [
  { name: 'uevent', mode: 0o644, format: 'nothing', read: () => '', write: notModelled },
];

/** The directory of a host bridge. */
export const pciRootKind = (sys: Sys): DirectoryKind<PciBus> => {
  const isThere = (bus: PciBus) => hasBus(sys, bus);
  const own = (bus: PciBus) => bus;
  return {
    isThere,
    parts: [
      files(sys, PCI_ROOT_FILES),
      subdirectory('power', powerKind(isThere)),
      busObjects(sys, isThere, own),
      functionsBehind(sys, own),
      placesBelow(sys),
    ],
  };
};
