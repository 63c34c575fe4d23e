import type { Group } from '@iommu/core';
import { attributesOf, type RunningMachine } from '@iommu/machine';
import { addressKey, busOf, functionOf, isPciDevice, type PciDevice, slotOf, tryParsePciAddress } from '@iommu/pci';
import { hex } from '../hex.js';
import { checkMemberLists } from '../member-lists.js';
import { type LinkState, pcieLinkOf } from './pcie-link.js';
import { type Element, element, writeXml } from './xml-element.js';

/** Names of vendors and devices by their ids, as the table `pci.ids` has them. */
export interface PciNames {
  /**
   * The name of a vendor by its 16-bit id: of 0x10de `NVIDIA Corporation`.
   *
   * @returns `undefined`: the table does not have it.
   */
  vendor(vendor: number): string | undefined;
  /**
   * The name of a device by its vendor's id and its own, subsystems left aside.
   *
   * @returns `undefined`: the table does not have it.
   */
  device(vendor: number, device: number): string | undefined;
}

/** A device as libvirt describes it. */
export interface NodeDevice {
  /** `pci_0000_01_00_0` */
  readonly name: string;
  /** A document without a declaration, as `virsh nodedev-dumpxml` prints it; ends with a newline. */
  readonly xml: string;
}

/** libvirt's name of a PCI function. */
const nameOf = (address: string): string => `pci_${address.replaceAll(/[:.]/g, '_')}`;

const addressElement = ({ segment, rid }: PciDevice): Element =>
  element('address', {
    domain: `0x${hex(segment, 4)}`,
    bus: `0x${hex(busOf(rid), 2)}`,
    slot: `0x${hex(slotOf(rid), 2)}`,
    function: `0x${functionOf(rid).toString(16)}`,
  });

const byAddress = (a: PciDevice, b: PciDevice): number => addressKey(a.segment, a.rid) - addressKey(b.segment, b.rid);

/** The nearest PCI function above it in sysfs. */
const parentOf = ({ path }: PciDevice): string => {
  const above = path
    .split('/')
    .slice(0, -1)
    .findLast((part) => tryParsePciAddress(part) !== undefined);
  return above === undefined ? 'computer' : nameOf(above);
};

const capability = (type: string, below: readonly Element[] = [], attributes: Readonly<Record<string, string>> = {}) =>
  element('capability', { type, ...attributes }, below);

/** What a function is in SR-IOV. */
const sriovElements = (running: RunningMachine, device: PciDevice): Element[] => {
  if (device.physicalFunction) return [capability('phys_function', [addressElement(device.physicalFunction)])];
  const total = running.sriovOf(device)?.totalVfs ?? Number(attributesOf(device).sriov_totalvfs ?? 0);
  if (!(total > 0)) return [];
  const virtual = running.topology.devices.filter(({ physicalFunction }) => physicalFunction === device);
  return [capability('virt_functions', virtual.sort(byAddress).map(addressElement), { maxCount: `${total}` })];
};

const bridgeElements = ({ facts: { headerType } }: PciDevice): Element[] => {
  if (headerType === 1) return [capability('pci-bridge')];
  return headerType === 2 ? [capability('cardbus-bridge')] : [];
};

const groupElements = (running: RunningMachine, group: Group | undefined): Element[] => {
  if (!group || !running.idIsKnown(group)) return [];
  const members = group.devices.filter(isPciDevice).sort(byAddress);
  return [element('iommuGroup', { number: `${group.id}` }, members.map(addressElement))];
};

const linkElement = (validity: 'cap' | 'sta', { speed, width }: LinkState, port?: number): Element =>
  element('link', {
    validity,
    ...(port !== undefined && { port: `${port}` }),
    ...(speed !== undefined && { speed }),
    width: `${width}`,
  });

const expressElements = (device: PciDevice): Element[] => {
  if (typeof device.express !== 'number') return [];
  const link = pcieLinkOf(device);
  const links = link ? [linkElement('cap', link.capability, link.port), linkElement('sta', link.status)] : [];
  return [element('pci-express', {}, links)];
};

const identified = (name: string, id: number, text: string | undefined): Element =>
  element(name, { id: `0x${hex(id, 4)}` }, text ?? []);

const deviceElement = (
  running: RunningMachine,
  device: PciDevice,
  { vendor, device: id }: { readonly vendor: number; readonly device: number },
  names: PciNames,
): Element => {
  const { segment, rid, facts } = device;
  const driver = running.iommu.kernelDriverOf(device);
  const numa = attributesOf(device).numa_node ?? '';
  return element('device', {}, [
    element('name', {}, nameOf(device.name)),
    element('path', {}, `/sys/devices/${device.path}`),
    element('parent', {}, parentOf(device)),
    ...(driver === undefined ? [] : [element('driver', {}, [element('name', {}, driver)])]),
    capability('pci', [
      ...(facts.classCode === undefined ? [] : [element('class', {}, `0x${hex(facts.classCode, 6)}`)]),
      element('domain', {}, `${segment}`),
      element('bus', {}, `${busOf(rid)}`),
      element('slot', {}, `${slotOf(rid)}`),
      element('function', {}, `${functionOf(rid)}`),
      identified('product', id, names.device(vendor, id)),
      identified('vendor', vendor, names.vendor(vendor)),
      ...sriovElements(running, device),
      ...bridgeElements(device),
      ...groupElements(running, running.iommu.groups.of(device)),
      ...(/^\d+$/.test(numa) ? [element('numa', { node: numa })] : []),
      ...expressElements(device),
    ]),
  ]);
};

const NO_NAMES: PciNames = { vendor: () => undefined, device: () => undefined };

/**
 * The PCI functions of a machine as libvirt's node devices, by ascending address.
 *
 * libvirt requires both ids of a function, so one without is not among them; see {@link withoutIds}. A group whose number is
 * not known is left out. Members of a group that are not on PCI have no address, and are not listed in it.
 *
 * @param names - Default: no names.
 * @throws IommuError `ERR_EXPORT_SIZE` for groups of thousands.
 * @see libvirt, Node devices XML format (nodedev.rng of release 9.0)
 */
export const nodeDevices = (running: RunningMachine, names: PciNames = NO_NAMES): NodeDevice[] => {
  checkMemberLists(running);
  return [...running.topology.devices].sort(byAddress).flatMap((device) => {
    const { vendor, device: id } = device.facts;
    if (vendor === undefined || id === undefined) return [];
    return [
      { name: nameOf(device.name), xml: writeXml(deviceElement(running, device, { vendor, device: id }, names)) },
    ];
  });
};

/** The functions that {@link nodeDevices} leaves out, by address. */
export const withoutIds = ({ topology }: RunningMachine): string[] =>
  topology.devices
    .filter(({ facts: { vendor, device } }) => vendor === undefined || device === undefined)
    .map(({ name }) => name);
