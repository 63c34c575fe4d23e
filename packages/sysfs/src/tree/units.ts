import type { Device, IommuUnit } from '@iommu/core';
import { type Attribute, AttributeFile, line, notModelled } from './attribute.js';
import { Directory, type DirectoryKind, type Part } from './directory.js';
import { files, linkCollection, links, subdirectory } from './parts.js';
import { powerKind } from './power.js';
import { devicePath, type Sys, unitOf } from './sys.js';

/** Files of a unit besides those of its driver. */
const UNIT_FILES: readonly Attribute<IommuUnit>[] = [
  { name: 'uevent', mode: 0o644, format: 'nothing', read: () => '', write: notModelled },
];

/** Files that a unit's driver fills, below a directory of its own: `intel-iommu/cap`. All are read-only. */
const driverFile = (path: string): Attribute<IommuUnit> => ({
  name: path.slice(path.indexOf('/') + 1),
  mode: 0o444,
  format: 'as the driver prints it',
  read: (unit, { running }) => line(running.iommu.unitAttributes(unit)[path]),
});

/** One directory of attributes that a driver gives its units: `intel-iommu`. */
const driverDirectory = (sys: Sys, directory: string, isThere: (unit: IommuUnit) => boolean) => {
  const rows = new Map<string, Attribute<IommuUnit>>();
  const has = (name: string, unit: IommuUnit) =>
    sys.running.iommu.unitAttributes(unit)[`${directory}/${name}`] !== undefined;
  const row = (name: string): Attribute<IommuUnit> => {
    const known = rows.get(name) ?? driverFile(`${directory}/${name}`);
    rows.set(name, known);
    return known;
  };
  const part: Part<IommuUnit> = {
    *names({ subject }) {
      for (const path of Object.keys(sys.running.iommu.unitAttributes(subject)))
        if (path.startsWith(`${directory}/`)) yield path.slice(directory.length + 1);
    },
    child(name, above) {
      if (!has(name, above.subject)) return undefined;
      return above.entry(
        name,
        () => true,
        () => new AttributeFile(above, row(name), sys),
      );
    },
  };
  return { isThere, parts: [part] } satisfies DirectoryKind<IommuUnit>;
};

/** Directories of attributes that a unit's driver made. */
const driverDirectories = (sys: Sys, isThere: (unit: IommuUnit) => boolean): Part<IommuUnit> => {
  const kinds = new Map<string, DirectoryKind<IommuUnit>>();
  const namesOf = (unit: IommuUnit) =>
    new Set(Object.keys(sys.running.iommu.unitAttributes(unit)).map((path) => path.slice(0, path.indexOf('/'))));
  const kindOf = (name: string): DirectoryKind<IommuUnit> => {
    const known = kinds.get(name) ?? driverDirectory(sys, name, isThere);
    kinds.set(name, known);
    return known;
  };
  return {
    names: ({ subject }) => namesOf(subject),
    child(name, above) {
      if (!namesOf(above.subject).has(name)) return undefined;
      return above.entry(
        name,
        () => true,
        () => new Directory(kindOf(name), above.subject, above.pathOf(name), above),
      );
    },
  };
};

/**
 * The directory of a unit.
 *
 * @see Linux v7.0 drivers/iommu/iommu-sysfs.c iommu_device_sysfs_add(), iommu_device_link()
 */
export const unitKind = (sys: Sys): DirectoryKind<IommuUnit> => {
  const { running } = sys;
  const isThere = (unit: IommuUnit) => sys.places.units.includes(unit);
  const members = linkCollection<IommuUnit, Device>({
    *all({ subject }) {
      for (const device of running.devices) if (unitOf(sys, device) === subject) yield device;
    },
    find(name, { subject }) {
      const device = running.find(name);
      return device?.name === name && unitOf(sys, device) === subject ? device : undefined;
    },
    name: ({ name }) => name,
    path: devicePath,
  });
  return {
    isThere,
    parts: [
      subdirectory('devices', { isThere, parts: [members] }),
      driverDirectories(sys, isThere),
      files(sys, UNIT_FILES),
      links<IommuUnit>(sys, [
        { name: 'device', to: ({ parent }) => parent && `devices/${parent}` },
        { name: 'subsystem', to: () => 'class/iommu' },
      ]),
      subdirectory('power', powerKind(isThere)),
    ],
  };
};
