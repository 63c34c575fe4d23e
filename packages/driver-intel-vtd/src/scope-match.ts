import type { Diagnostic } from '@iommu/core';
import type { PciDevice, PciTopology } from '@iommu/pci';
import { type DeviceScope, formatScope, type PathStep } from './device-scope.js';

/** Linux compares segments as 16 bits: functions of hosts that make their own segments match no scope. */
const LAST_SEGMENT = 0xffff;

const onBus = (topology: PciTopology, segment: number, bus: number, step: PathStep): PciDevice | undefined => {
  if (step.device > 31 || step.function > 7) return undefined;
  const device = topology.at(segment, (bus << 8) | (step.device << 3) | step.function);
  return device?.isVirtualFunction ? undefined : device;
};

/** Follow a path down from a root bus. */
const follow = (topology: PciTopology, segment: number, { startBus, path }: DeviceScope): PciDevice | undefined => {
  let bus = startBus;
  let device: PciDevice | undefined;
  for (const step of path) {
    if (device) {
      if (!device.subordinate) return undefined;
      bus = device.subordinate.number;
    }
    device = onBus(topology, segment, bus, step);
    if (!device) return undefined;
  }
  if (!device) return undefined;
  let { pciBus } = device;
  while (pciBus.parent) pciBus = pciBus.parent;
  return pciBus.number === startBus ? device : undefined;
};

/** Firmware that names a function behind a bridge by its bus number, with a single step. */
const byOwnNumber = (
  topology: PciTopology,
  segment: number,
  { startBus, path }: DeviceScope,
): PciDevice | undefined => {
  const [step] = path;
  return path.length === 1 && step ? onBus(topology, segment, startBus, step) : undefined;
};

/**
 * The function that a device scope names; virtual functions never are one.
 *
 * @returns `undefined` when no such function is there, or the scope names something that is no PCI function.
 * @see Linux v7.0 drivers/iommu/intel/dmar.c dmar_match_pci_path()
 */
export const matchScope = (
  topology: PciTopology,
  segment: number,
  scope: DeviceScope,
  report: (diagnostic: Diagnostic) => void = () => {},
): PciDevice | undefined => {
  if (segment > LAST_SEGMENT || (scope.type !== 'endpoint' && scope.type !== 'bridge')) return undefined;
  const device = follow(topology, segment, scope);
  if (device) return device;
  const fallback = byOwnNumber(topology, segment, scope);
  if (fallback) {
    report({
      severity: 'firmware-bug',
      code: 'dmar-scope-path',
      message: `the scope ${formatScope(scope)} gives a bus number where a path from the root bus is due; taken as ${fallback.name}`,
      at: { table: 'DMAR', offset: scope.offset },
    });
  }
  return fallback;
};

/**
 * Whether the kind of scope contradicts the header of the function that it names; Linux gives up on VT-d then.
 *
 * @see Linux v7.0 drivers/iommu/intel/dmar.c dmar_insert_dev_scope()
 */
export const scopeTypeMismatch = ({ type }: DeviceScope, { facts }: PciDevice): boolean => {
  const { headerType, classCode } = facts;
  if (headerType === undefined) return false;
  if (type === 'endpoint') return headerType !== 0;
  return headerType === 0 && classCode !== undefined && classCode >>> 16 !== 0x06;
};

/** Whether a device is a scope's device, or sits anywhere below it. @see is_downstream_to_pci_bridge() */
export const isAtOrBelow = (device: PciDevice, scopeDevice: PciDevice): boolean => {
  if (device === scopeDevice) return true;
  const { subordinate, facts, segment } = scopeDevice;
  if (!subordinate || device.segment !== segment) return false;
  const first = subordinate.number;
  const bus = device.pciBus.number;
  return bus >= first && bus <= Math.max(first, facts.subordinateBus ?? first);
};
