import { type Diagnostic, formatReservedRegion } from '@iommu/core';
import { type Machine, type RunningMachine, resolveKernel } from '@iommu/machine';
import { spelled } from './change/pci-tree.js';

/** One group, as `iommu groups --json` prints it. */
export interface GroupReport {
  /** `null`: it depends on what the input does not hold. */
  readonly id: number | null;
  /** Content of the group's `name` file; `null`: there is none. */
  readonly name: string | null;
  /**
   * `DMA-FQ`, `DMA`, `identity`, `unknown`; of an observed group as its kernel wrote it, so also `blocked` or
   * `unmanaged`.
   */
  readonly type: string;
  /** In join order, with their segment always written. */
  readonly devices: readonly string[];
  /** Lines of `reserved_regions`. */
  readonly reservedRegions: readonly string[];
}

/** A device without a group. */
export interface UngroupedReport {
  /** A PCI address with its segment, or a name from sysfs. */
  readonly device: string;
  /** The first reason that was recorded, in words; of observed groups, which source shows none. */
  readonly reason: string;
}

/** A machine's groups as plain data; `groups.schema.json` of this package describes it. */
export interface GroupsReport {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /**
   * Its name, for people; the kernel's release, `null`: not in the input, so the newest rules; its `arch/` folder:
   * `x86`, `arm64`.
   */
  readonly machine: { readonly name: string | null; readonly kernel: string | null; readonly arch: string };
  /** The firmware was supposed: the partition stands, ids, types and regions are a guess. */
  readonly assumed: boolean;
  /** By id. */
  readonly groups: readonly GroupReport[];
  /** In the order of their registration; of observed groups the PCI functions that are in none. */
  readonly ungrouped: readonly UngroupedReport[];
  /**
   * First a firmware that was supposed, then what booting found odd, then each fact that groups lack; none of observed
   * groups.
   */
  readonly diagnostics: readonly DiagnosticReport[];
}

/** Something odd, or supposed, that the answer rests on. */
export interface DiagnosticReport {
  /** `firmware-bug`: what Linux logs as such. `assumed`: the input does not hold it. */
  readonly severity: Diagnostic['severity'];
  /** Stable, kebab-case: `firmware-assumed`, `fact-unknown`. */
  readonly code: string;
  /** What and where, for people. */
  readonly message: string;
}

/** The groups of a running machine, computed. */
export const groupsReport = (running: RunningMachine): GroupsReport => {
  const { iommu, machine, kernel, assumed, diagnostics } = running;
  const groups = [...iommu.groups].sort((a, b) => a.id - b.id);
  return {
    schema: 1,
    machine: { name: machine.name ?? null, kernel: kernel.release ?? null, arch: kernel.arch },
    assumed: assumed !== undefined,
    groups: groups.map((group) => ({
      id: running.idIsKnown(group) ? group.id : null,
      name: group.name ?? null,
      type: group.type ?? 'unknown',
      devices: group.devices.map(({ name }) => name),
      reservedRegions: iommu.reservedRegions(group).map(formatReservedRegion),
    })),
    ungrouped: running.devices
      .filter((device) => !iommu.groups.of(device))
      .map((device) => ({ device: device.name, reason: running.outcomeOf(device).reasons[0]?.text ?? '' })),
    diagnostics: [
      ...(assumed === undefined
        ? []
        : [
            {
              severity: 'assumed' as const,
              code: 'firmware-assumed',
              message: `the input holds no firmware tables; supposed: ${assumed}`,
            },
          ]),
      ...diagnostics.map(({ severity, code, message }) => ({ severity, code, message })),
      ...uncertain(running),
    ],
  };
};

/**
 * The groups that a machine's description holds as the kernel's own, in the form of computed ones; members are sorted,
 * for their order cannot be observed.
 *
 * @returns `undefined` when none were observed.
 */
export const observedReport = ({ observed, name, kernel, pci }: Machine): GroupsReport | undefined => {
  if (!observed) return undefined;
  const grouped = new Set(observed.groups.flatMap(({ devices }) => devices.map(spelled)));
  const known = pci?.functions.map(({ address }) => spelled(address)) ?? [];
  return {
    schema: 1,
    machine: { name: name ?? null, kernel: kernel?.release ?? null, arch: resolveKernel(kernel).arch },
    assumed: false,
    groups: observed.groups.map((group) => ({
      id: group.id,
      name: group.name ?? null,
      type: group.type ?? 'unknown',
      devices: group.devices.map(spelled),
      reservedRegions: group.reservedRegions ?? [],
    })),
    ungrouped: known
      .filter((device) => !grouped.has(device))
      .map((device) => ({ device, reason: `The ${observed.source} source shows no group for it.` })),
    diagnostics: [],
  };
};

/** One line for each fact that decisions lacked. */
export const uncertain = ({ devices, iommu }: RunningMachine): DiagnosticReport[] => {
  const facts = new Map<string, string[]>();
  for (const device of devices) {
    for (const reason of iommu.groups.of(device) ? iommu.outcomeOf(device).reasons : []) {
      for (const fact of reason.unknown ?? []) {
        const concerned = facts.get(fact);
        if (concerned) concerned.push(device.name);
        else facts.set(fact, [device.name]);
      }
    }
  }
  return [...facts].map(([fact, concerned]) => ({
    severity: 'assumed',
    code: 'fact-unknown',
    message: `the ${fact} is not in the input; the groups of ${concerned.slice(0, 4).join(', ')}${concerned.length > 4 ? ` and ${concerned.length - 4} more` : ''} rest on a guess`,
  }));
};
