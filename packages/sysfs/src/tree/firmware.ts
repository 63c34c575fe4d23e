import { type DeviceTree, type DeviceTreeNode, parseDeviceTree } from '@iommu/firmware';
import { toBytes } from '@iommu/machine';
import { type Attribute, AttributeFile } from './attribute.js';
import { Directory, type DirectoryKind, NodesOf, type Part } from './directory.js';
import { files, subdirectory } from './parts.js';
import type { Sys } from './sys.js';

const encoder = new TextEncoder();

const BASE = 'firmware/devicetree/base';

/** A read-only file of bytes, as long as they are. */
const bytesFile = <S>(name: string, mode: number, format: string, bytes: () => Uint8Array): Attribute<S> => ({
  name,
  mode,
  format,
  has: () => true,
  size: () => bytes().length,
  read: () => bytes(),
});

/** ACPI tables as firmware left them; only root may read them. @see Linux v7.0 drivers/acpi/sysfs.c acpi_table_attr_init() */
const acpiTables = (sys: Sys): Attribute<Sys>[] =>
  Object.entries(sys.running.machine.firmware?.acpi ?? {}).map(([name, bytes]) =>
    bytesFile(name, 0o400, 'binary: the table with its header', () => toBytes(bytes, `firmware.acpi.${name}`)),
  );

const blobOf = ({ running }: Sys): Uint8Array | undefined => {
  const blob = running.machine.firmware?.deviceTree;
  return blob === undefined ? undefined : toBytes(blob, 'firmware.deviceTree');
};

const trees = new WeakMap<Sys, DeviceTree>();

/** @throws IommuError `ERR_TABLE_*` */
const deviceTreeOf = (sys: Sys): DeviceTree | undefined => {
  const known = trees.get(sys);
  const blob = known ? undefined : blobOf(sys);
  if (known || !blob) return known;
  const tree = parseDeviceTree(blob);
  trees.set(sys, tree);
  return tree;
};

/** Where a node of the device tree stands below `/sys`; `undefined` for a path that is no node. */
export const deviceTreePath = (sys: Sys, path: string): string | undefined =>
  path.startsWith('/') && deviceTreeOf(sys)?.find(path) ? `${BASE}${path}` : undefined;

const propertyFile = (name: string, bytes: Uint8Array): Attribute<DeviceTreeNode> =>
  bytesFile(name, 0o444, 'binary: the property, big-endian', () => bytes);

/** Every node has a name for a property, whether firmware wrote one or not. @see Linux v7.0 drivers/of/fdt.c populate_properties() */
const propertyOf = (node: DeviceTreeNode, name: string): Attribute<DeviceTreeNode> | undefined => {
  const found = node.property(name);
  if (found) return propertyFile(name, found.bytes);
  return name === 'name' ? propertyFile(name, encoder.encode(`${node.baseName}\0`)) : undefined;
};

/** A node of the device tree: a directory with a file for each property. @see Linux v7.0 drivers/of/kobj.c */
const nodeKind = (sys: Sys): DirectoryKind<DeviceTreeNode> => {
  const nodes = new NodesOf<DeviceTreeNode, Directory<DeviceTreeNode>>();
  const properties: Part<DeviceTreeNode> = {
    names: ({ subject }) => new Set([...subject.properties.keys(), 'name']),
    child(name, directory) {
      const found = propertyOf(directory.subject, name);
      return (
        found &&
        directory.entry(
          name,
          () => true,
          () => new AttributeFile(directory, found, sys),
        )
      );
    },
  };
  const children: Part<DeviceTreeNode> = {
    names: ({ subject }) => subject.children.map(({ name }) => name),
    child(name, { path, subject }) {
      const found = subject.children.find((child) => child.name === name);
      return found && nodes.get(found, () => new Directory(kind, found, `${path}/${name}`));
    },
  };
  const kind: DirectoryKind<DeviceTreeNode> = { isThere: () => true, parts: [properties, children] };
  return kind;
};

const deviceTreeBase = (sys: Sys): Part<Sys> => {
  const kind = nodeKind(sys);
  return {
    names: () => ['base'],
    child(name, directory) {
      const root = name === 'base' ? deviceTreeOf(sys)?.root : undefined;
      return (
        root &&
        directory.entry(
          name,
          () => true,
          () => new Directory(kind, root, BASE, directory),
        )
      );
    },
  };
};

/** `/sys/firmware`: what firmware left, as far as the description holds it. */
export const firmwareKind = (sys: Sys): DirectoryKind<Sys> => {
  const isThere = () => true;
  const tables = acpiTables(sys);
  const hasTree = blobOf(sys) !== undefined;
  const tablesKind: DirectoryKind<Sys> = { isThere, parts: [files(sys, tables)] };
  const blob = bytesFile<Sys>('fdt', 0o400, 'binary: the flattened device tree', () => blobOf(sys) ?? new Uint8Array());
  return {
    isThere,
    parts: [
      subdirectory('acpi', { isThere, parts: [subdirectory('tables', tablesKind)] }, () => tables.length > 0),
      subdirectory('devicetree', { isThere, parts: [deviceTreeBase(sys)] }, () => hasTree),
      files(sys, hasTree ? [blob] : []),
    ],
  };
};
