import type { IommuDriver } from '@iommu/core';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { acsStateOf, formatAcsFlags, type PciDevice, REQUIRED_ACS_FLAGS } from '@iommu/pci';
import { spelled } from './change/pci-tree.js';
import { partitionIsCertain } from './check.js';
import { uncertain } from './groups-report.js';
import { computedPartition, type Partition, partitionOf, sameMembers } from './partition.js';
import { type PartitionChange, partitionChanges } from './partition-changes.js';
import { wayUp } from './way-up.js';

/** ACS bits of a function that are not what they were when groups formed. */
export interface StaleBits {
  /** A PCI function, its segment always written: `0000:00:1c.0`. */
  readonly device: string;
  /** Flags by name, a blank between; empty: none. Of the earlier state as far as it follows from the groups. */
  readonly atBoot: string;
  /** Flags that were set when they were read, in the same form. */
  readonly now: string;
}

/** Groups that the bits of now would not give. */
export interface StaleGroups {
  /**
   * `lost`: devices in groups of their own that are no longer isolated. `unused`: devices in one group that would be
   * isolated. `other`: no change of bits gives what was observed.
   */
  readonly kind: 'lost' | 'unused' | 'other';
  /** As the kernel formed them; members sorted, as far as the description holds them. */
  readonly observed: readonly (readonly string[])[];
  /** As the bits of now would have it; only devices that were observed in a group, members sorted. */
  readonly now: readonly (readonly string[])[];
  /** What was changed since. */
  readonly bits: readonly StaleBits[];
}

/** Groups that were formed at boot against ACS bits as they are now; `stale.schema.json` of this package describes it. */
export interface StaleReport {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /** `Machine.name`, for people; `null`: the description has none. */
  readonly machine: string | null;
  /** `unknown`: the input lacks groups, or bits that decide, or groups are not what any bits give. */
  readonly verdict: 'current' | 'stale' | 'unknown';
  /** Empty: the bits of now give what was observed, or there was nothing to compare, which `unknown` says. */
  readonly groups: readonly StaleGroups[];
  /** What is missing, a line each. */
  readonly unknown: readonly string[];
}

/** What the machine is booted with. */
export interface StaleOptions {
  /**
   * In the order in which they are asked, as for `boot()`; without that of its IOMMU a machine has no groups to
   * compare.
   */
  readonly drivers: readonly IommuDriver[];
}

interface StatedAcs {
  readonly capability: string;
  readonly control: string;
}

/** The machine with the bits as they were read, of some functions with others in their place. */
const asRead = (machine: Machine, stated: ReadonlyMap<string, StatedAcs> = new Map()): Machine => {
  const { pci } = machine;
  if (!pci) return machine;
  const { acsReadUnder: _under, ...rest } = pci;
  const functions = pci.functions.map((one) => {
    const acs = stated.get(spelled(one.address));
    return acs ? { ...one, acs } : one;
  });
  return { ...machine, pci: { ...rest, functions, acsRead: 'after-boot' } };
};

/** Whether the registers of all functions that have them were read. */
const unreadControls = (running: RunningMachine): string[] =>
  running.topology.devices
    .filter(({ facts }) => facts.acs && facts.acs.control === undefined && facts.acs.dwords === undefined)
    .map(({ name }) => `ACS control of ${name}: capture as root`);

const controlOf = (device: PciDevice): number | undefined => acsStateOf(device)?.control;

const isSameOn = (devices: readonly string[], a: Partition, b: Partition): boolean =>
  devices.every((device) => sameMembers(a.get(device), b.get(device)));

/** Functions that devices are, and the bridges above them. */
const concerned = (running: RunningMachine, names: readonly string[]): PciDevice[] => {
  const devices = names.flatMap((name) => running.topology.find(name) ?? []);
  return [...new Set(devices.flatMap(wayUp))];
};

const bitsText = (bits: number | undefined): string => formatAcsFlags(bits ?? 0);

/** Compares what the kernel formed with what the bits of now give. */
class Staleness {
  readonly now: RunningMachine;
  readonly #machine: Machine;
  readonly #options: StaleOptions;
  readonly #atBoot: RunningMachine;
  readonly #observed: Partition;

  constructor(machine: Machine, observed: Partition, options: StaleOptions) {
    this.#machine = machine;
    this.#observed = observed;
    this.#options = options;
    this.now = boot(asRead(machine), options);
    // As the kernel would have left them: what it switches on is on.
    this.#atBoot = boot(
      { ...machine, ...(machine.pci && { pci: { ...machine.pci, acsRead: 'before-boot' } }) },
      options,
    );
  }

  /** Bits that are off and that the kernel had on. */
  #lost(devices: readonly string[]): StaleBits[] {
    return concerned(this.now, devices).flatMap((device) => {
      const before = this.#atBoot.topology.find(device.name);
      const [old, fresh] = [before && controlOf(before), controlOf(device)];
      if (old === undefined || fresh === undefined || (old & ~fresh & REQUIRED_ACS_FLAGS) === 0) return [];
      return [{ device: device.name, atBoot: bitsText(old), now: bitsText(fresh) }];
    });
  }

  #with(off: readonly PciDevice[]): Partition {
    const stated = new Map(
      off.map((device) => {
        const { capability, control = 0 } = acsStateOf(device) ?? {};
        return [
          device.name,
          { capability: bitsText(capability), control: formatAcsFlags(control & ~REQUIRED_ACS_FLAGS) },
        ] as const;
      }),
    );
    return computedPartition(boot(asRead(this.#machine, stated), this.#options));
  }

  /** The fewest functions whose bits, were they off, would give the groups that were observed. */
  #unused(devices: readonly string[]): StaleBits[] {
    const all = concerned(this.now, devices).filter((device) => {
      const state = acsStateOf(device);
      return state && !state.dwords && ((state.control ?? 0) & REQUIRED_ACS_FLAGS) !== 0;
    });
    const isGiven = (off: readonly PciDevice[]): boolean => isSameOn(devices, this.#with(off), this.#observed);
    if (all.length === 0 || !isGiven(all)) return [];
    let kept: readonly PciDevice[] = all;
    for (const one of all) {
      const less = kept.filter((other) => other !== one);
      if (less.length > 0 && isGiven(less)) kept = less;
    }
    return kept.map((device) => ({
      device: device.name,
      atBoot: bitsText((controlOf(device) ?? 0) & ~REQUIRED_ACS_FLAGS),
      now: bitsText(controlOf(device)),
    }));
  }

  groups({ before, after, devices }: PartitionChange): StaleGroups {
    const found = (kind: StaleGroups['kind'], bits: readonly StaleBits[]) => ({
      kind,
      observed: before,
      now: after,
      bits,
    });
    const lost = this.#lost(devices);
    if (lost.length > 0 && isSameOn(devices, computedPartition(this.#atBoot), this.#observed))
      return found('lost', lost);
    const unused = this.#unused(devices);
    return unused.length > 0 ? found('unused', unused) : found('other', []);
  }
}

/**
 * Whether the groups that the kernel formed at boot are still what the ACS bits give: bits that are written later, as by
 * `setpci`, change what devices can reach, and no group.
 *
 * @param machine - With what was observed of groups, and ACS bits read on the running system.
 */
export const stale = (machine: Machine, options: StaleOptions): StaleReport => {
  const report = (parts: Pick<StaleReport, 'verdict' | 'groups' | 'unknown'>): StaleReport => ({
    schema: 1,
    machine: machine.name ?? null,
    ...parts,
  });
  const nothing = (unknown: string): StaleReport => report({ verdict: 'unknown', groups: [], unknown: [unknown] });
  if (!machine.observed) return nothing("the kernel's own groups: capture them, as with iommu capture");
  if (machine.pci?.acsRead === 'before-boot')
    return nothing('ACS bits of the running system: these were read before boot');
  const known = new Set((machine.pci?.functions ?? []).map(({ address }) => spelled(address)));
  const seen = machine.observed.groups.map(({ devices }) => devices.filter((device) => known.has(device)));
  const observed = partitionOf(seen.filter(({ length }) => length > 0));
  const staleness = new Staleness(machine, observed, options);
  const { now } = staleness;
  const grouped = [...observed.keys()];
  const changes = partitionChanges(
    grouped,
    observed,
    partitionOf(new Set([...computedPartition(now).values()].map((list) => list.filter((name) => observed.has(name))))),
  );
  const groups = changes.map((change) => staleness.groups(change));
  const optimistic = boot(asRead(machine), { ...options, unknown: 'optimistic' });
  const unknown = [
    ...unreadControls(now),
    ...(partitionIsCertain(now, optimistic) ? [] : uncertain(now).map(({ message }) => message)),
  ];
  const isStale = groups.some(({ kind }) => kind !== 'other');
  const isUnknown = unknown.length > 0 || groups.some(({ kind }) => kind === 'other');
  return report({ verdict: isStale ? 'stale' : isUnknown ? 'unknown' : 'current', groups, unknown });
};
