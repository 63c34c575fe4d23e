import { attributesOf } from '@iommu/machine';
import { ConfigSpace, findExtendedCapability, type PciDevice } from '@iommu/pci';
import { type Attribute, line, notModelled } from './attribute.js';
import type { Part } from './directory.js';
import { linkIn } from './parts.js';
import { devicePath } from './sys.js';

type Row = Attribute<PciDevice>;

const SRIOV = 0x0010;
const TOTAL_VFS = 0x0e;

const totalVfs = (device: PciDevice): number | undefined => {
  const { config, configSize } = device.description;
  if (device.isVirtualFunction || !config) return undefined;
  const space = new ConfigSpace(config, configSize);
  const offset = findExtendedCapability(space, SRIOV, device.express !== null);
  return typeof offset === 'number' ? space.u16(offset + TOTAL_VFS) : undefined;
};

/** Whether the function can have virtual ones, as far as the description tells. */
const isPhysical = (device: PciDevice): boolean =>
  !device.isVirtualFunction && Number(attributesOf(device).sriov_totalvfs ?? totalVfs(device) ?? 0) > 0;

/** The virtual functions of a physical one, by ascending number. */
export const virtualFunctions = (device: PciDevice): readonly PciDevice[] => {
  if (device.isVirtualFunction) return [];
  const { pciBus } = device;
  const found: PciDevice[] = [];
  for (const bus of [pciBus, ...pciBus.virtual])
    for (const one of bus.devices) if (one.physicalFunction === device) found.push(one);
  return found.sort((a, b) => a.rid - b.rid);
};

/** Files of functions that take part in SR-IOV. @see Linux v7.0 drivers/pci/iov.c */
export const PCI_SRIOV_FILES: readonly Row[] = [
  {
    name: 'sriov_totalvfs',
    mode: 0o444,
    format: '%u',
    rule: 'file-sriov-numvfs',
    has: isPhysical,
    read: (device) => line(attributesOf(device).sriov_totalvfs ?? totalVfs(device)),
  },
  {
    name: 'sriov_numvfs',
    mode: 0o644,
    format: '%u',
    rule: 'file-sriov-numvfs',
    has: isPhysical,
    read: (device) => line(virtualFunctions(device).length),
    write: notModelled,
  },
  {
    name: 'sriov_offset',
    mode: 0o444,
    format: '%u',
    rule: 'file-sriov-layout',
    read: (device) => line(attributesOf(device).sriov_offset ?? device.facts.sriov?.offset),
  },
  {
    name: 'sriov_stride',
    mode: 0o444,
    format: '%u',
    rule: 'file-sriov-layout',
    read: (device) => line(attributesOf(device).sriov_stride ?? device.facts.sriov?.stride),
  },
  {
    name: 'sriov_vf_device',
    mode: 0o444,
    format: '%x',
    rule: 'file-sriov-layout',
    read: (device) => line(attributesOf(device).sriov_vf_device ?? device.facts.sriov?.deviceId.toString(16)),
  },
  {
    name: 'sriov_vf_total_msix',
    mode: 0o444,
    format: '%u',
    rule: 'file-sriov-msix',
    read: (device) => line(attributesOf(device).sriov_vf_total_msix),
  },
  {
    name: 'sriov_drivers_autoprobe',
    mode: 0o644,
    format: '%u',
    rule: 'file-sriov-autoprobe',
    has: isPhysical,
    read: (device) => line(attributesOf(device).sriov_drivers_autoprobe ?? 1),
    write: notModelled,
  },
  {
    name: 'sriov_vf_msix_count',
    mode: 0o200,
    format: '%d: interrupts for the virtual function',
    rule: 'file-sriov-msix',
    has: ({ isVirtualFunction }) => isVirtualFunction,
    write: notModelled,
  },
];

/** The links `virtfnN` of a physical function. */
export const virtualFunctionLinks: Part<PciDevice> = {
  *names({ subject }) {
    for (let n = 0; n < virtualFunctions(subject).length; n++) yield `virtfn${n}`;
  },
  child(name, directory) {
    const number = /^virtfn(0|[1-9]\d*)$/.exec(name)?.[1];
    const one = number === undefined ? undefined : virtualFunctions(directory.subject)[Number(number)];
    return one && linkIn(directory, name, devicePath(one));
  },
};
