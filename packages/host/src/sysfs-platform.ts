import type { MachineDevice, MachineFirmware } from '@iommu/machine';
import { type FileTree, linkName, readText, resolveLink } from './file-tree.js';

/** Buses deeper than this are not followed. */
const MAX_DEPTH = 8;
/** Buses whose devices firmware may put behind an IOMMU. */
const BUSES = new Set(['platform', 'amba']);
const DEVICE_TREE = /^firmware\/devicetree\/base(\/.*)$/;

const ascii = new TextDecoder('latin1');

/** Paths of the firmware's own tree that an IOMMU's tables may name. */
const namesIn = (firmware: MachineFirmware | undefined): ((path: string) => boolean) => {
  const texts = Object.entries(firmware?.acpi ?? {})
    .filter(([name]) => /^(?:DMAR|IVRS|IORT)/.test(name))
    .map(([, bytes]) => (typeof bytes === 'string' ? '' : ascii.decode(bytes)));
  return (path) => texts.some((text) => text.includes(`${path}\0`));
};

/**
 * Devices that are not on PCI and that firmware puts behind an IOMMU: those whose node of the device tree has `iommus`,
 * and those whose ACPI path stands in an IOMMU's table. The many others are of no concern.
 */
export const readSysfsPlatform = (sys: FileTree, firmware: MachineFirmware | undefined): MachineDevice[] => {
  const isNamed = namesIn(firmware);
  const devices: MachineDevice[] = [];
  /** Where a link of a device leads; links on the way there are not followed by themselves. */
  const target = (path: string, link: string): string => resolveLink(path, sys.link(`${path}/${link}`) ?? '') ?? '';
  const nodeOf = (path: string): string | undefined => {
    const place = target(path, 'of_node');
    const node = DEVICE_TREE.exec(place)?.[1];
    if (node !== undefined && sys.read(`${place}/iommus`)) return node;
    const acpi = readText(sys, `${target(path, 'firmware_node')}/path`);
    return acpi !== undefined && isNamed(acpi) ? acpi : undefined;
  };
  const walk = (directory: string, depth: number): void => {
    for (const name of depth > MAX_DEPTH ? [] : sys.list(directory)) {
      const path = `${directory}/${name}`;
      if (sys.link(path) !== undefined) continue;
      const bus = linkName(sys, `${path}/subsystem`);
      if (bus === undefined || !BUSES.has(bus)) continue;
      const firmwareNode = nodeOf(path);
      if (firmwareNode !== undefined) {
        const driver = linkName(sys, `${path}/driver`) ?? null;
        devices.push({ name, bus, path: path.slice('devices/'.length), firmwareNode, driver });
      }
      walk(path, depth + 1);
    }
  };
  walk('devices/platform', 0);
  return devices;
};
