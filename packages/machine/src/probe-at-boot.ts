import type { Device, Diagnostic, Group, Iommu } from '@iommu/core';
import { acsPath, bridgeAbove, isPciDevice, type PciDevice } from '@iommu/pci';
import type { ProbeHistory } from './probe-history.js';

/** What stays open where groups form at the probes of kernel drivers and their order is not known. */
export interface OrderDoubts {
  /** Groups whose id is sure; `undefined`: all. */
  readonly sureIds: ReadonlySet<Group> | undefined;
  /** Devices of which the order decides whether they have an IOMMU, or whose group they share. */
  readonly contested: ReadonlySet<Device>;
}

/** Every id is sure. */
export const NO_DOUBTS: OrderDoubts = { sureIds: undefined, contested: new Set() };

/** How many devices a message names. */
const NAMED = 4;

const list = (devices: readonly Device[]): string => {
  const names = devices.slice(0, NAMED).map(({ name }) => name);
  return names.join(', ') + (devices.length > NAMED ? ` and ${devices.length - NAMED} more` : '');
};

const assumed = (code: string, message: string): Diagnostic => ({ severity: 'assumed', code, message });

/**
 * Let the kernel drivers of a history be probed, which forms groups where an IOMMU driver waits for that.
 *
 * Devices probed at unknown times may have come before any that came after the first bridges, and so may late bridges: a
 * driver's first word of a device comes after its probe began. A group that they are in may then have been formed earlier:
 * its id is not sure, nor are those of the groups between. A device joins the group of a bridge that does not isolate only
 * where that bridge came first.
 *
 * @param probe - Probes one device.
 * @returns What depends on an order that is not known.
 */
export const probeAtBoot = (
  iommu: Iommu,
  { first, ordered, unordered, late, guessed }: ProbeHistory,
  probe: (device: Device) => void,
  diagnostics: Diagnostic[],
): OrderDoubts => {
  for (const device of first) probe(device);
  const settled = new Set<Group>(iommu.groups);
  for (const device of [...ordered, ...unordered]) probe(device);
  const probed = new Set([...ordered, ...unordered]);
  const behind = behindLateBridges(iommu, late, probed, settled);
  const contested = new Set([...contestedOf(iommu, unordered, probed), ...behind]);
  const later = [...iommu.groups].filter((group) => !settled.has(group));
  const open = contested.size > 0 ? new Set(later) : openGroups(iommu, later, [...unordered, ...late]);
  if (guessed.length > 0) {
    diagnostics.push(
      assumed(
        'probes-unknown',
        `the input does not tell whether a kernel driver was probed for ${list(guessed)}; it is taken to have been, without which they have no group on this kernel`,
      ),
    );
  }
  if (contested.size === 0 && open.size === 0) return NO_DOUBTS;
  diagnostics.push(
    assumed(
      'probe-order-unknown',
      `the input does not tell in which order kernel drivers were probed for ${list([...unordered, ...late])}; on this kernel that order decides ids`,
    ),
  );
  if (contested.size > 0) {
    diagnostics.push(
      assumed(
        'probe-order-decides',
        `the order of probes decides which of ${list([...contested])} has an IOMMU, or shares a group`,
      ),
    );
  }
  return { sureIds: new Set([...iommu.groups].filter((group) => !open.has(group))), contested };
};

/**
 * Groups that another order may have numbered otherwise: all up to the last that holds a device probed at an unknown time.
 * The first alone cannot have come earlier.
 *
 * @param later - Those formed since the first probes, by ascending id.
 */
const openGroups = (iommu: Iommu, later: readonly Group[], unordered: readonly Device[]): ReadonlySet<Group> => {
  const movable = new Set(unordered.map((device) => iommu.groups.of(device)));
  const last = later.findLastIndex((group) => movable.has(group));
  return new Set(last < 1 ? [] : later.slice(0, last + 1));
};

/** Devices that were refused on account of others, where another order could have turned that round. */
const contestedOf = (iommu: Iommu, unordered: readonly Device[], open: ReadonlySet<Device>): Set<Device> => {
  const contested = new Set<Device>();
  for (const device of unordered) {
    if (iommu.groups.of(device)) continue;
    const { reasons } = iommu.outcomeOf(device);
    const rivals = reasons.flatMap(({ devices }) => devices).filter((other) => other !== device && open.has(other));
    if (rivals.length > 0) for (const one of [device, ...rivals]) contested.add(one);
  }
  return contested;
};

/**
 * Late bridges that do not isolate, with the devices behind them that may have been probed before or after; none that
 * are in a group of the first probes, which would have taken them in either way.
 */
const behindLateBridges = (
  iommu: Iommu,
  late: readonly Device[],
  probed: ReadonlySet<Device>,
  settled: ReadonlySet<Group>,
): Set<Device> => {
  const contested = new Set<Device>();
  const isLate = new Set(late);
  for (const device of isLate.size > 0 ? probed : []) {
    const group = iommu.groups.of(device);
    if (group && settled.has(group)) continue;
    for (let at = bridgeOf(device); at && isLate.has(at); at = bridgeOf(at)) {
      if (iommu.groups.of(at) !== group && !acsPath(at).failing) continue;
      contested.add(device).add(at);
    }
  }
  return contested;
};

const bridgeOf = (device: Device): PciDevice | undefined => (isPciDevice(device) ? bridgeAbove(device) : undefined);
