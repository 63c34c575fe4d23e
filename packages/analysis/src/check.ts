import type { ObservedGroup, RunningMachine } from '@iommu/machine';
import type { PciDevice } from '@iommu/pci';
import { computedPartition, joined, met, type Partition, partitionOf, refines, sameMembers } from './partition.js';

/** How computed and observed compare; `unknown`: the description does not hold what would decide it. */
export type Agreement = 'equal' | 'differs' | 'unknown';

/** A device whose computed group is not the observed one. */
export interface DifferingDevice {
  /** A PCI address with its segment, or a name from sysfs. */
  readonly device: string;
  /** The members of its group as the kernel had it, sorted, itself among them; `null`: it had none. */
  readonly observed: readonly string[] | null;
  /** The same of its computed group; `null`: it has none. */
  readonly computed: readonly string[] | null;
  /** Why it was computed so. */
  readonly reason: string;
}

/** Computed groups against observed ones; `check.schema.json` of this package describes it. */
export interface CheckReport {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /** Which devices share a group. `unknown`: facts are missing, and what was observed is among what they allow. */
  readonly partition: Agreement;
  /**
   * Whether groups have the same numbers: `differs` wherever `partition` does; `unknown` where a number does not follow
   * from the input, or is another and rests on something supposed.
   */
  readonly ids: Agreement;
  /** Devices compared: those of the machine that are in an observed or in a computed group. */
  readonly devices: number;
  /** In the order of their registration; empty exactly where `partition` is `equal`. */
  readonly differing: readonly DifferingDevice[];
  /** Devices that were observed in a group and that the description does not hold. */
  readonly missing: readonly string[];
}

const observedPartition = (groups: readonly ObservedGroup[], known: ReadonlySet<string>): Partition =>
  partitionOf(groups.map(({ devices }) => devices.filter((device) => known.has(device))));

/** A bridge of which it is not known where it leads, or a function of which it is not known what leads to it. */
const hasUnknownPlace = (device: PciDevice): boolean => {
  const { headerType, classCode = 0 } = device.facts;
  const looksLikeBridge = headerType === 1 || (headerType === undefined && classCode >>> 8 === 0x0604);
  return device.pciBus.parentUnknown || (looksLikeBridge && device.subordinate === undefined);
};

/**
 * The coarsest partition that the input allows: the pessimistic one, with everything of unknown place in one group per
 * segment, for each of it may sit below any other.
 */
const coarsest = (running: RunningMachine, pessimistic: Partition): Partition => {
  const merged = new Map(pessimistic);
  const bySegment = new Map<number, Set<string>>();
  for (const device of running.topology.devices) {
    if (!hasUnknownPlace(device)) continue;
    const members = bySegment.get(device.segment) ?? new Set<string>();
    for (const name of merged.get(device.name) ?? [device.name]) members.add(name);
    bySegment.set(device.segment, members);
  }
  for (const members of bySegment.values()) {
    const list = [...members].sort();
    for (const name of list) merged.set(name, list);
  }
  return merged;
};

/**
 * The finest and the coarsest partition that the input allows. Usually those of the two boots. But a bridge without an IOMMU
 * has no group that anything could join: what does not isolate only leads past the functions beside a device, and parts them.
 *
 * @see pci_device_group(), drivers/iommu/iommu.c, Linux 7.0: aliases and functions are those of the bridge that was reached
 */
const boundsOf = (running: RunningMachine, optimistic: RunningMachine): { fine: Partition; coarse: Partition } => {
  const coarse = coarsest(running, computedPartition(running));
  const fine = computedPartition(optimistic);
  return refines(fine, coarse) ? { fine, coarse } : { fine: met(fine, coarse), coarse: joined(fine, coarse) };
};

/** Ids of devices that are in both; one that does not follow from the description is compared with nothing. */
const compareIds = (running: RunningMachine, groups: readonly ObservedGroup[]): Agreement => {
  const observed = new Map(groups.flatMap(({ id, devices }) => devices.map((device) => [device, id] as const)));
  let agreement: Agreement = 'equal';
  for (const device of running.devices) {
    const id = observed.get(device.name);
    const group = running.iommu.groups.of(device);
    if (id === undefined) continue;
    if (group && !running.idIsKnown(group)) agreement = 'unknown';
    else if (group?.id !== id) return 'differs';
  }
  return agreement;
};

/** Whether a device, or one that shares its group here or there, has an IOMMU by an order of probes that is not known. */
const isContested = (running: RunningMachine, name: string, observed: Partition): boolean => {
  const { contested, iommu } = running;
  const device = running.find(name);
  if (contested.size === 0 || !device) return false;
  const names = new Set([...contested].map((one) => one.name));
  const members = iommu.groups.of(device)?.devices ?? [device];
  return [...members.map((one) => one.name), ...(observed.get(name) ?? [])].some((one) => names.has(one));
};

const isOnePartition = ({ fine, coarse }: ReturnType<typeof boundsOf>): boolean => refines(coarse, fine);

/**
 * Whether the facts that are missing leave the partition as it is.
 *
 * @param running - Booted pessimistically.
 * @param optimistic - The same booted optimistically.
 */
export const partitionIsCertain = (running: RunningMachine, optimistic: RunningMachine): boolean =>
  running.contested.size === 0 && isOnePartition(boundsOf(running, optimistic));

/**
 * Compare a running machine with what its description holds of the kernel's own groups.
 *
 * @param running - Booted with unknown facts taken pessimistically.
 * @param optimistic - The same booted optimistically. What was observed may lie anywhere between.
 * @returns `undefined` when nothing was observed.
 */
export const check = (running: RunningMachine, optimistic: RunningMachine = running): CheckReport | undefined => {
  const { observed: seen } = running.machine;
  if (!seen) return undefined;
  const known = new Set(running.devices.map(({ name }) => name));
  const observed = observedPartition(seen.groups, known);
  const computed = computedPartition(running);
  const names = [...known].filter((name) => observed.has(name) || computed.has(name));
  const differing = names.filter((name) => !sameMembers(observed.get(name), computed.get(name)));
  const missing = seen.groups.flatMap(({ devices }) => devices).filter((device) => !known.has(device));
  const bounds = boundsOf(running, optimistic);
  const allowed = refines(bounds.fine, observed) && refines(observed, bounds.coarse);
  const open = (allowed && !isOnePartition(bounds)) || differing.every((name) => isContested(running, name, observed));
  const partition = differing.length === 0 ? 'equal' : open ? 'unknown' : 'differs';
  const guessed = running.assumed !== undefined || partition === 'unknown';
  const ids = partition === 'differs' ? 'differs' : compareIds(running, seen.groups);
  return {
    schema: 1,
    partition,
    ids: ids === 'differs' && guessed ? 'unknown' : ids,
    devices: names.length,
    differing: differing.map((device) => ({
      device,
      observed: observed.get(device) ?? null,
      computed: computed.get(device) ?? null,
      reason: running
        .outcomeOf(running.device(device))
        .reasons.map(({ text }) => text)
        .join(' '),
    })),
    missing,
  };
};
