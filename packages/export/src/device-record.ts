import { type PathNode, pathTree } from '@iommu/analysis';
import type { Device } from '@iommu/core';
import { attributesOf, type RunningMachine } from '@iommu/machine';
import { bridgeAbove, isPciDevice, type PciDevice } from '@iommu/pci';
import { classText, hex } from './hex.js';
import { checkMemberLists } from './member-lists.js';

/** What other programs call a device, for people: `VGA compatible controller [0300]: … [10de:2684]`. */
export type Describe = (device: PciDevice) => string | undefined;

/**
 * One device of a machine with its group, flat, every member always there: a row of a table. `null` is what does not
 * apply, or what the input does not hold. `device-record.schema.json` of this package describes it.
 */
export interface DeviceRecord {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /** `Machine.name`, for people: a host, a file, a model. */
  readonly machine: string | null;
  /** The release whose rules formed the groups. */
  readonly kernel: string | null;
  /** The kernel's `arch/` folder: `x86`, `arm64`; `x86` also where the input does not tell. */
  readonly arch: string;
  /** An address with its segment, or a name from sysfs. */
  readonly device: string;
  /** `pci`, `platform`, … */
  readonly bus: string;
  /** Below `/sys/devices`. */
  readonly path: string;
  /** The bridge above. */
  readonly parent: string | null;
  /** Where `group` is `null`, whether it has none (`false`) or one whose number is not known. */
  readonly isGrouped: boolean;
  /** Of its group; `null` also where it depends on what the input does not hold. */
  readonly group: number | null;
  /** As the group's `type` file has it: `DMA-FQ`, `DMA`, `identity`; `null` also where that shows `unknown`. */
  readonly groupType: string | null;
  /** In the order in which they joined, itself among them. */
  readonly groupDevices: readonly string[];
  /** Its group is a guess: the input does not hold all that decides it. */
  readonly isSupposed: boolean;
  /** The firmware was supposed: which devices share a group stands, numbers and types are a guess. */
  readonly isFirmwareSupposed: boolean;
  /** `dmar0` */
  readonly iommu: string | null;
  /** Six hexadecimal digits: base class, subclass, programming interface. */
  readonly class: string | null;
  /** Four hexadecimal digits: `10de`. */
  readonly vendorId: string | null;
  /** Four hexadecimal digits: `2684`. */
  readonly deviceId: string | null;
  /** Two hexadecimal digits: `a1`. */
  readonly revision: string | null;
  /** For people. */
  readonly description: string | null;
  /** `root-port`, `endpoint`, … of PCI Express; `conventional`, `reserved`, `unknown`. */
  readonly kind: string | null;
  /** Whether a bus is behind it, or its header, of type 1 or 2, says so; `null` only off PCI. */
  readonly isBridge: boolean | null;
  /** Of a virtual function the address of its physical one, as the input spells it; of any other `null`. */
  readonly physicalFunction: string | null;
  /** The kernel driver that is bound. */
  readonly driver: string | null;
  /** As `numa_node` of sysfs, from 0 on; `null` also where that is -1, no node. */
  readonly numaNode: number | null;
  /** Whether it keeps its traffic from others: what Linux asks of ACS, or what stands in for it. */
  readonly isolates: boolean | null;
  /** Whether there is an ACS capability. */
  readonly hasAcs: boolean | null;
  /** Flags that are advertised, blanks between: `SV RR CR UF`; empty: none. `null`: no capability, or not read. */
  readonly acsCapability: string | null;
  /** Flags that are set, with those that the kernel switches on when it boots, in the same form. */
  readonly acsControl: string | null;
  /** The first recorded reason why it is in its group, or in none, by its stable name: `no-iommu-in-firmware`. */
  readonly rule: string | null;
  /** The same reason in words. */
  readonly reason: string | null;
}

/** What grouping weighed of each PCI function, by its address. */
const componentsOf = (running: RunningMachine): ReadonlyMap<string, PathNode['component']> => {
  const found = new Map<string, PathNode['component']>();
  const add = ({ component, behind }: PathNode): void => {
    found.set(component.device, component);
    for (const node of behind) add(node);
  };
  const names = running.topology.devices.map(({ name }) => name);
  for (const { behind } of pathTree(running, names)) for (const node of behind) add(node);
  return found;
};

/** Whether facts that decided a device's group are not in the input. */
export const isSupposed = (running: RunningMachine, device: Device): boolean =>
  running.contested.has(device) || running.outcomeOf(device).reasons.some(({ unknown = [] }) => unknown.length > 0);

const numaNode = (device: PciDevice): number | null => {
  const text = attributesOf(device).numa_node;
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
};

type OfPci = Pick<
  DeviceRecord,
  | 'parent'
  | 'class'
  | 'vendorId'
  | 'deviceId'
  | 'revision'
  | 'description'
  | 'kind'
  | 'isBridge'
  | 'physicalFunction'
  | 'numaNode'
  | 'isolates'
  | 'hasAcs'
  | 'acsCapability'
  | 'acsControl'
>;

const NOT_ON_PCI: OfPci = {
  parent: null,
  class: null,
  vendorId: null,
  deviceId: null,
  revision: null,
  description: null,
  kind: null,
  isBridge: null,
  physicalFunction: null,
  numaNode: null,
  isolates: null,
  hasAcs: null,
  acsCapability: null,
  acsControl: null,
};

const ofPci = (device: PciDevice, component: PathNode['component'] | undefined, describe: Describe): OfPci => {
  const { vendor, device: id, revision, classCode } = device.facts;
  const acs = component?.acs ?? 'unknown';
  return {
    parent: bridgeAbove(device)?.name ?? null,
    class: classText(classCode),
    vendorId: hex(vendor, 4),
    deviceId: hex(id, 4),
    revision: hex(revision, 2),
    description: describe(device) ?? null,
    kind: component?.kind ?? null,
    isBridge: device.isBridge,
    physicalFunction: device.physicalFunction?.name ?? null,
    numaNode: numaNode(device),
    isolates: component?.basis === 'unknown' ? null : (component?.isolates ?? null),
    hasAcs: acs === 'unknown' ? null : acs !== 'none',
    acsCapability: typeof acs === 'string' ? null : acs.capability,
    acsControl: typeof acs === 'string' ? null : acs.control,
  };
};

/**
 * Every device of a machine as a row, in the order of their registration.
 *
 * @param running - Booted pessimistically, so that what is not known counts as not isolating.
 * @param describe - What to call a device; default: nothing.
 * @throws IommuError `ERR_EXPORT_SIZE` for groups of thousands.
 */
export const deviceRecords = (running: RunningMachine, describe: Describe = () => undefined): DeviceRecord[] => {
  checkMemberLists(running);
  const { machine, kernel, iommu } = running;
  const components = componentsOf(running);
  return running.devices.map((device) => {
    const { group, unit, reasons } = running.outcomeOf(device);
    const [reason] = reasons;
    return {
      schema: 1,
      machine: machine.name ?? null,
      kernel: kernel.release ?? null,
      arch: kernel.arch,
      device: device.name,
      bus: device.bus,
      path: device.path,
      isGrouped: group !== undefined,
      group: group && running.idIsKnown(group) ? group.id : null,
      groupType: group?.type ?? null,
      groupDevices: group?.devices.map(({ name }) => name) ?? [],
      isSupposed: isSupposed(running, device),
      isFirmwareSupposed: running.assumed !== undefined,
      iommu: unit?.name ?? null,
      driver: iommu.kernelDriverOf(device) ?? null,
      rule: reason?.rule ?? null,
      reason: reason?.text ?? null,
      ...(isPciDevice(device) ? ofPci(device, components.get(device.name), describe) : NOT_ON_PCI),
    };
  });
};
