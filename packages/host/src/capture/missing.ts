import type { FileTree } from '../file-tree.js';
import { firstText, PLACES, TABLES } from '../snapshot.js';
import type { Collection } from './collection.js';

/** Something that a machine has and that could not be read, or that it does not show. */
export interface Missing {
  /** `config-cut`, `firmware-unreadable`, … */
  readonly code: string;
  /** What is missing, what that costs, and how to have it. */
  readonly message: string;
  /** Without it groups cannot be known for certain. */
  readonly needed: boolean;
}

const AS_ROOT = 'run as root';

/** A function has 256 bytes at least; the first 64 are for everybody. */
const missingConfigs = ({ configs }: Collection): Missing[] => {
  if (configs.length === 0) {
    const message = 'there are no PCI functions in sysfs: nothing can be grouped; is /sys mounted?';
    return [{ code: 'pci-absent', message, needed: true }];
  }
  const unread = configs.filter(({ length }) => length === 0).length;
  const cut = configs.filter(({ length, size = 0 }) => length > 0 && (length < 256 || length < size)).length;
  const of = (count: number) => `${count} of ${configs.length} functions`;
  return [
    ...(unread === 0
      ? []
      : [
          {
            code: 'config-unreadable',
            message: `configuration spaces of ${of(unread)} are not readable: header and capabilities unknown`,
            needed: true,
          },
        ]),
    ...(cut === 0
      ? []
      : [
          {
            code: 'config-cut',
            message: `configuration spaces of ${of(cut)} are cut: capabilities and ACS unknown; ${AS_ROOT}`,
            needed: true,
          },
        ]),
  ];
};

const missingFirmware = (top: FileTree, sys: FileTree): Missing[] => {
  const named = PLACES.tables.flatMap((place) => top.list(place).map((name) => ({ name, path: `${place}/${name}` })));
  const unread = named.filter(({ name, path }) => TABLES.test(name) && !top.read(path)).map(({ name }) => name);
  if (unread.length > 0) {
    const message = `firmware tables are not readable (${unread.join(', ')}): units, the devices that each serves and reserved memory unknown; ${AS_ROOT}`;
    return [{ code: 'firmware-unreadable', message, needed: true }];
  }
  if (named.length > 0 || PLACES.deviceTree.some((place) => top.read(place))) return [];
  if (sys.list('firmware').includes('fdt')) {
    const message = `the device tree is not readable: units and the devices that each serves unknown; ${AS_ROOT}`;
    return [{ code: 'firmware-unreadable', message, needed: true }];
  }
  const message =
    'there is no firmware table and no device tree: units, the devices that each serves and reserved memory unknown';
  return [{ code: 'firmware-absent', message, needed: true }];
};

/** What a machine or a dump does not hold of what groups are computed from. */
export const missingOf = (top: FileTree, sys: FileTree, found: Collection): Missing[] => {
  const absent = (there: unknown, code: string, message: string, needed: boolean): Missing[] =>
    there ? [] : [{ code, message, needed }];
  return [
    ...missingConfigs(found),
    ...missingFirmware(top, sys),
    ...absent(
      firstText(top, PLACES.release),
      'release-unreadable',
      "the kernel's release is not readable: the rules of the newest are taken",
      true,
    ),
    ...absent(
      firstText(top, PLACES.commandLine) !== undefined,
      'cmdline-unreadable',
      'the command line is not readable: what it switches on or off is unknown',
      true,
    ),
    ...absent(
      found.has('dmesg.txt'),
      'log-unreadable',
      `the kernel's log is not readable: the order in which devices were found is supposed; ${AS_ROOT}`,
      false,
    ),
    ...absent(
      found.has('config.txt'),
      'kernel-config-unreadable',
      "the kernel's configuration is not readable: its defaults are supposed",
      false,
    ),
    ...absent(
      found.groups,
      'groups-absent',
      'the kernel shows no groups of its own: there is nothing to compare with',
      false,
    ),
  ];
};
