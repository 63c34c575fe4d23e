import type { Errno } from '@iommu/core';
import type { ViabilityRule } from './viability-rule.js';

/** `unknown`: the input does not hold what would decide. */
export type Verdict = 'viable' | 'not-viable' | 'unknown';

/** One thing that bears on the verdict. */
export interface ViableReason {
  /** Stable, kebab-case: `in-use`, `direct-region`. */
  readonly code: string;
  /**
   * `blocks`: it makes the verdict; `unknown`: it keeps one from being given; `doubt`: the verdict stands as far as the
   * input tells; `warning`: it does not touch the verdict, but the host.
   */
  readonly effect: 'blocks' | 'unknown' | 'doubt' | 'warning';
  /** Those concerned; empty where it is no single device's, as with firmware tables that are not in the input. */
  readonly devices: readonly string[];
  /** One sentence. */
  readonly text: string;
}

/** Whether devices can be passed through, all of them bound to their drivers and nothing else changed. */
export interface Viability {
  /** Of the machine as described; whether facts that are missing could make it another says `certain`. */
  readonly verdict: Verdict;
  /** Nothing that is missing from the input could change the verdict. */
  readonly certain: boolean;
  /** What the kernel returns then; `null`: nothing refuses, or what it returns is not known. */
  readonly errno: Errno | null;
  /** What returns it: the probe of the device's driver, or the claim of the group. */
  readonly refusedBy: 'driver-probe' | 'claim' | null;
  /**
   * As the kernel meets them: probes of the drivers, other users of the DMA, direct regions; then warnings and doubts.
   */
  readonly reasons: readonly ViableReason[];
}

/** A member of a group. */
export interface ViableMember {
  /** A PCI address with its segment, or a name from sysfs. */
  readonly device: string;
  /** The driver that it has; `null`: none, or unknown. */
  readonly driver: string | null;
  /** Tells the two meanings of `driver: null` apart: `true`, it has none; `false`, the input does not say. */
  readonly driverIsKnown: boolean;
  /** `asked`: among all that were asked about. `bridge`: a PCI bridge that was not. `other`: the rest. */
  readonly role: 'asked' | 'bridge' | 'other';
  /** Whether it, with the driver that it has, keeps the group from being viable; `null`: unknown. */
  readonly inTheWay: boolean | null;
  /** Lines of the regions that the firmware demands to stay mapped one to one. */
  readonly directRegions: readonly string[];
}

/** The group of a device that was asked about. */
export interface ViableGroup {
  /** `null`: it depends on what the input does not hold. */
  readonly id: number | null;
  /** In the order in which they joined. */
  readonly members: readonly ViableMember[];
}

/** A device that was asked about, bound by itself. */
export interface ViableDevice extends Viability {
  /** A PCI address with its segment, or a name from sysfs. */
  readonly device: string;
  /** The driver to be bound. */
  readonly driver: string;
  /** `null`: it has none. */
  readonly group: ViableGroup | null;
}

/** What else must be done to another member so that a group is viable. */
export interface ViableNeed {
  /** A member that was not asked about: a PCI address with its segment, or a name from sysfs. */
  readonly device: string;
  /** `bind` to a driver of VFIO, or leave it without one; `unbind`: a bridge, or a device of another bus. */
  readonly action: 'bind' | 'unbind';
  /** The driver that it has; `null`: unknown. */
  readonly from: string | null;
}

/** Text to copy. Nothing of it is ever run. */
export interface ViableSetup {
  /** Everything that gets a driver of VFIO: what was asked about, and what is needed besides, without what is left out. */
  readonly bind: readonly string[];
  /** Bridges and devices of other buses that are taken from their drivers and get none, without what is left out. */
  readonly unbind: readonly string[];
  /** Needed too, but a warning says that the host may not do without: it is here only when it is asked about. */
  readonly leftOut: readonly string[];
  /** A word for the kernel's command line; `null`: an id is unknown, or the driver takes none. */
  readonly kernelParameter: string | null;
  /** Devices that have one of its ids and are not among those to be bound: it takes them too. */
  readonly sameIds: readonly string[];
  /** Lines for a shell. */
  readonly commands: readonly string[];
  /** `hostdev` elements for the devices that were asked about. */
  readonly libvirt: string;
}

/** Whether devices can be passed through; `viable.schema.json` of this package describes it. */
export interface ViableReport {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /**
   * Its name, for people; the kernel's release, `null`: not in the input, so the newest rules; its `arch/` folder:
   * `x86`, `arm64`.
   */
  readonly machine: { readonly name: string | null; readonly kernel: string | null; readonly arch: string };
  /** What makes a group viable: as asked for, else by the kernel's release. */
  readonly rule: ViabilityRule;
  /** In the order in which they were named; each bound alone. */
  readonly devices: readonly ViableDevice[];
  /** All of them bound. */
  readonly together: Viability;
  /** What else must be done to make them viable together; empty where that does not help. */
  readonly needs: readonly ViableNeed[];
  /** `null`: no binding makes them viable. */
  readonly setup: ViableSetup | null;
}
