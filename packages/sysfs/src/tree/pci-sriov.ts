import { attributesOf } from '@iommu/machine';
import type { PciDevice } from '@iommu/pci';
import { type Attribute, line, notModelled } from './attribute.js';
import type { Part } from './directory.js';
import { parseBoolean, parseUnsigned } from './kernel-numbers.js';
import { linkIn } from './parts.js';
import { devicePath, isThere, type Sys } from './sys.js';

type Row = Attribute<PciDevice>;

const LARGEST_SHORT = 0xffffn;

/** How many virtual functions there can be, where the model does not know only a dump tells. */
const totalVfs = (device: PciDevice, { running }: Sys): number => {
  const total = running.sriovOf(device)?.totalVfs ?? Number(attributesOf(device).sriov_totalvfs ?? 0);
  return Number.isSafeInteger(total) ? total : 0;
};

const isPhysical = (device: PciDevice, sys: Sys): boolean => totalVfs(device, sys) > 0;

/** Files of functions that take part in SR-IOV. @see Linux v7.0 drivers/pci/iov.c */
export const PCI_SRIOV_FILES: readonly Row[] = [
  {
    name: 'sriov_totalvfs',
    mode: 0o444,
    format: '%u',
    rule: 'file-sriov-numvfs',
    has: isPhysical,
    read: (device, sys) => line(totalVfs(device, sys)),
  },
  {
    name: 'sriov_numvfs',
    mode: 0o644,
    format: '%u',
    rule: 'file-sriov-numvfs',
    has: isPhysical,
    read: (device, { running }) => line(running.sriovOf(device)?.numVfs ?? 0),
    write: (device, text, { running }) => running.setVfs(device, parseUnsigned(text, LARGEST_SHORT)),
  },
  {
    name: 'sriov_offset',
    mode: 0o444,
    format: '%u',
    rule: 'file-sriov-layout',
    read: (device, { running }) => line(attributesOf(device).sriov_offset ?? running.sriovOf(device)?.offset),
  },
  {
    name: 'sriov_stride',
    mode: 0o444,
    format: '%u',
    rule: 'file-sriov-layout',
    read: (device, { running }) => line(attributesOf(device).sriov_stride ?? running.sriovOf(device)?.stride),
  },
  {
    name: 'sriov_vf_device',
    mode: 0o444,
    format: '%x',
    rule: 'file-sriov-layout',
    read: (device, { running }) =>
      line(attributesOf(device).sriov_vf_device ?? running.sriovOf(device)?.deviceId?.toString(16)),
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
    read: (device, { running }) => line(running.sriovOf(device)?.driversAutoprobe === false ? 0 : 1),
    write: (device, text, { running }) => running.setVfsAutoprobe(device, parseBoolean(text)),
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

/** The number of a virtual function among those of its physical one; `undefined` where its place gives none. */
export const virtualFunctionNumber = (one: PciDevice, sys: Sys): number | undefined => {
  const physical = one.physicalFunction;
  if (!physical || physical.segment !== one.segment || !isThere(sys, physical)) return undefined;
  const placing = sys.running.sriovOf(physical);
  if (!placing) return undefined;
  const number = (one.rid - physical.rid - placing.offset) / (placing.stride || 1);
  return Number.isInteger(number) && number >= 0 ? number : undefined;
};

/** The links `virtfnN` of a physical function. @see Linux v7.0 drivers/pci/iov.c pci_iov_sysfs_link() */
export const virtualFunctionLinks = (sys: Sys): Part<PciDevice> => ({
  *names({ subject }) {
    for (const { devices } of [subject.pciBus, ...subject.pciBus.virtual])
      for (const one of devices) {
        const number = one.physicalFunction === subject ? virtualFunctionNumber(one, sys) : undefined;
        if (number !== undefined) yield `virtfn${number}`;
      }
  },
  child(name, directory) {
    const digits = /^virtfn(0|[1-9]\d{0,4})$/.exec(name)?.[1];
    const { subject } = directory;
    const placing = digits === undefined ? undefined : sys.running.sriovOf(subject);
    if (!placing) return undefined;
    const one = subject.topology.at(subject.segment, subject.rid + placing.offset + Number(digits) * placing.stride);
    return one?.physicalFunction === subject && virtualFunctionNumber(one, sys) === Number(digits)
      ? linkIn(directory, name, devicePath(one))
      : undefined;
  },
});
