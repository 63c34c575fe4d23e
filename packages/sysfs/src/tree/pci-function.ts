import type { PciDevice } from '@iommu/pci';
import { type Attribute, line } from './attribute.js';
import { DEVICE_LINKS, GROUP_NUMBER_FILE } from './device-links.js';
import type { DirectoryKind, Part } from './directory.js';
import { parseUnsigned } from './kernel-numbers.js';
import { files, type LinkRow, links, subdirectory } from './parts.js';
import { busObjectPath, busObjects, functionsBehind } from './pci-bus.js';
import { PCI_BRIDGE_FILES, PCI_FUNCTION_FILES } from './pci-function-files.js';
import { regionFiles } from './pci-regions.js';
import { PCI_SRIOV_FILES, virtualFunctionLinks } from './pci-sriov.js';
import { placesBelow } from './placed.js';
import { powerKind } from './power.js';
import { devicePath, isThere, type Sys } from './sys.js';

/** Virtual functions come and go with what their physical one is told. @see pci_dev_hp_attrs_are_visible() */
const isHotPluggable = ({ isVirtualFunction }: PciDevice): boolean => !isVirtualFunction;

/** Files by which functions are taken out, found again, and given a driver. */
const PCI_CONTROL_FILES: readonly Attribute<PciDevice>[] = [
  {
    name: 'driver_override',
    mode: 0o644,
    format: 'name of a driver, or (null)',
    rule: 'file-driver-override',
    read: (device, { running }) => line(running.kernelDrivers.overrideOf(device) ?? '(null)'),
    write: (device, text, { running }) => running.kernelDrivers.setOverride(device, text),
  },
  {
    name: 'remove',
    mode: 0o220,
    format: '1: remove the function',
    has: isHotPluggable,
    write(device, text, { running }) {
      if (parseUnsigned(text) !== 0) running.removeDevice(device);
    },
  },
  {
    name: 'rescan',
    mode: 0o200,
    format: '1: look for functions on its bus',
    has: isHotPluggable,
    write(device, text, { running }) {
      if (parseUnsigned(text) !== 0) running.rescan(device.pciBus);
    },
  },
];

/** Links of a PCI function besides those of every device. */
const PCI_FUNCTION_LINKS: readonly LinkRow<PciDevice>[] = [
  // It stays when the physical function is removed before.
  { name: 'physfn', to: ({ physicalFunction }) => physicalFunction && devicePath(physicalFunction) },
  {
    name: 'domain',
    to: (device) => {
      const [bus] = device.topology.hostedBy(device);
      return bus && busObjectPath(bus);
    },
  },
];

/** The directory of a PCI function. */
export const pciFunctionKind = (sys: Sys): DirectoryKind<PciDevice> => {
  const there = (device: PciDevice) => isThere(sys, device);
  const behind = ({ subordinate }: PciDevice) => subordinate;
  const parts: Part<PciDevice>[] = [
    files(sys, [
      ...PCI_FUNCTION_FILES,
      ...PCI_BRIDGE_FILES,
      ...PCI_SRIOV_FILES,
      ...PCI_CONTROL_FILES,
      ...(sys.kernel.rule('group-link') === 'number' ? [GROUP_NUMBER_FILE] : []),
    ]),
    regionFiles(sys),
    subdirectory('power', powerKind(there)),
    links<PciDevice>(sys, [...DEVICE_LINKS, ...PCI_FUNCTION_LINKS]),
    virtualFunctionLinks(sys),
    busObjects(sys, there, behind),
    functionsBehind(sys, behind),
    placesBelow(sys),
  ];
  return { isThere: there, parts };
};
