import type { IommuUnit } from '@iommu/core';
import type { PciBus } from '@iommu/pci';
import type { DirectoryKind } from './directory.js';
import { linkCollection, subdirectory } from './parts.js';
import { busName, busNamed, busObjectPath } from './pci-bus.js';
import { type Sys, unitPath } from './sys.js';

/** `/sys/class`: units and buses as the classes that they belong to have them. */
export const classesKind = (sys: Sys): DirectoryKind<Sys> => {
  const { running, kernel, places } = sys;
  const isThere = () => true;
  const units = linkCollection<Sys, IommuUnit>({
    all: () => places.units,
    find: (name) => places.units.find((unit) => unit.name === name),
    name: ({ name }) => name,
    path: unitPath,
  });
  const buses = linkCollection<Sys, PciBus>({
    all: () => running.topology.buses,
    find: (name) => busNamed(running.topology, name),
    name: busName,
    path: busObjectPath,
  });
  const hasUnits = kernel.rule('unit-class') !== 'none';
  return {
    isThere,
    parts: [
      subdirectory('iommu', { isThere, parts: [units] }, () => hasUnits),
      subdirectory('pci_bus', { isThere, parts: [buses] }),
    ],
  };
};
