import type { Device } from '@iommu/core';
import { type Attribute, line } from './attribute.js';
import { DEVICE_LINKS, GROUP_NUMBER_FILE } from './device-links.js';
import type { DirectoryKind } from './directory.js';
import { deviceTreePath } from './firmware.js';
import { files, type LinkRow, links, subdirectory } from './parts.js';
import { placesBelow } from './placed.js';
import type { Place } from './places.js';
import { powerKind } from './power.js';
import { isThere, type Sys } from './sys.js';

/** Files of a platform device. @see Linux v7.0 drivers/base/platform.c platform_dev_attrs */
const PLATFORM_FILES: readonly Attribute<Device>[] = [
  {
    name: 'driver_override',
    mode: 0o644,
    format: 'name of a driver, or (null)',
    rule: 'file-platform-driver-override',
    has: ({ bus }) => bus === 'platform',
    read: (device, { running }) => line(running.kernelDrivers.overrideOf(device) ?? '(null)'),
    write: (device, text, { running }) => running.kernelDrivers.setOverride(device, text),
  },
];

/** Links of a device that is not on PCI, besides those of every device. */
const OTHER_DEVICE_LINKS: readonly LinkRow<Device>[] = [
  { name: 'of_node', to: ({ firmwareNode }, sys) => firmwareNode && deviceTreePath(sys, firmwareNode) },
];

/** The directory of a device that is not on PCI. */
export const otherDeviceKind = (sys: Sys): DirectoryKind<Device> => {
  const there = (device: Device) => isThere(sys, device);
  return {
    isThere: there,
    parts: [
      files(sys, [...PLATFORM_FILES, ...(sys.kernel.rule('group-link') === 'number' ? [GROUP_NUMBER_FILE] : [])]),
      links(sys, [...DEVICE_LINKS, ...OTHER_DEVICE_LINKS]),
      subdirectory('power', powerKind(there)),
      placesBelow(sys),
    ],
  };
};

type Placed = Extract<Place, { path: string }>;

/** The directory of a device, or of none, of which only the place is known. */
export const placedKind = (sys: Sys): DirectoryKind<Placed> => {
  const there = ({ path, kind }: Placed) => sys.places.at(path)?.kind === kind;
  const isDevice = ({ kind }: Placed) => kind === 'platform';
  return {
    isThere: there,
    parts: [
      links<Placed>(sys, [{ name: 'subsystem', to: (place) => (isDevice(place) ? 'bus/platform' : undefined) }]),
      subdirectory('power', powerKind(there), isDevice),
      placesBelow(sys),
    ],
  };
};
