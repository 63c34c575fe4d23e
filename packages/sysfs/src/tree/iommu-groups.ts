import { type Device, formatReservedRegion, type Group } from '@iommu/core';
import { type Attribute, line } from './attribute.js';
import { type DirectoryKind, Link, NodesOf, type Part } from './directory.js';
import { linkText } from './link-text.js';
import { collection, files, subdirectory } from './parts.js';
import { devicePath, type Sys } from './sys.js';

const TYPE: Attribute<Group> = {
  name: 'type',
  mode: 0o644,
  format: 'identity, DMA, DMA-FQ or unknown',
  rule: 'file-type',
  read: ({ type }) => line(type ?? 'unknown'),
  write: (group, text, { running }, { sysAdmin, sysRawio }) =>
    void running.iommu.writeType(group, text, { sysAdmin, sysRawio }),
};

const { write: _, ...READ_ONLY_TYPE } = { ...TYPE, mode: 0o444 };

/**
 * Files of a group. @see Linux v7.0 drivers/iommu/iommu.c iommu_group_alloc(), iommu_group_set_name()
 *
 * @param isTypeWritable - Since 5.11.
 */
const groupFiles = (isTypeWritable: boolean): readonly Attribute<Group>[] => [
  {
    name: 'reserved_regions',
    mode: 0o444,
    format: 'a line for each region: 0x%016llx 0x%016llx %s; start, inclusive end, kind',
    rule: 'file-reserved-regions',
    has: () => true,
    read: (group, { running }) =>
      running.iommu
        .reservedRegions(group)
        .map((region) => `${formatReservedRegion(region)}\n`)
        .join(''),
  },
  isTypeWritable ? TYPE : READ_ONLY_TYPE,
  { name: 'name', mode: 0o444, format: 'text', read: ({ name }) => line(name) },
];

/** The members of groups by the names of their links; kept until {@link forget}. */
export class Members {
  readonly #known = new WeakMap<Group, ReadonlyMap<string, Device>>();

  of(group: Group): ReadonlyMap<string, Device> {
    const known = this.#known.get(group);
    if (known) return known;
    const { devices, linkNames } = group;
    const members = new Map(linkNames.map((name, at) => [name, devices[at] as Device]));
    this.#known.set(group, members);
    return members;
  }

  /** Somebody joined the group or left it. */
  forget(group: Group): void {
    this.#known.delete(group);
  }
}

const memberLinks = ({ members }: Sys): Part<Group> => {
  const nodes = new NodesOf<Device, Link>();
  return {
    names: ({ subject }) => members.of(subject).keys(),
    child(name, { path, subject }) {
      const device = members.of(subject).get(name);
      return device && nodes.get(device, () => new Link(linkText(path, devicePath(device))));
    },
  };
};

/** The directory of a group. */
export const groupKind = (sys: Sys): DirectoryKind<Group> => {
  const { groups } = sys.running.iommu;
  const isThere = (group: Group) => groups.byId(group.id) === group;
  return {
    isThere,
    parts: [
      subdirectory('devices', { isThere, parts: [memberLinks(sys)] }),
      files(sys, groupFiles(sys.kernel.rule('domain-type-write') !== 'none')),
    ],
  };
};

/** `/sys/kernel/iommu_groups`: groups by number. */
export const allGroups = <S>(sys: Sys): Part<S> => {
  const { groups } = sys.running.iommu;
  return collection<S, Group>({
    all: () => groups,
    find: (name) => (/^(?:0|[1-9]\d*)$/.test(name) ? groups.byId(Number(name)) : undefined),
    name: ({ id }) => String(id),
    node: (group) => sys.directories.group(group),
  });
};
