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
  readonly devices: readonly string[];
  /** One sentence. */
  readonly text: string;
}

/** Whether devices can be passed through, all of them bound to their drivers and nothing else changed. */
export interface Viability {
  readonly verdict: Verdict;
  /** Nothing that is missing from the input could change the verdict. */
  readonly certain: boolean;
  /** What the kernel returns then; `null`: nothing refuses, or what it returns is not known. */
  readonly errno: Errno | null;
  /** What returns it: the probe of the device's driver, or the claim of the group. */
  readonly refusedBy: 'driver-probe' | 'claim' | null;
  readonly reasons: readonly ViableReason[];
}

/** A member of a group. */
export interface ViableMember {
  readonly device: string;
  /** The driver that it has; `null`: none, or unknown. */
  readonly driver: string | null;
  readonly driverIsKnown: boolean;
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
  readonly device: string;
  /** The driver to be bound. */
  readonly driver: string;
  readonly group: ViableGroup | null;
}

/** What else must be done to another member so that a group is viable. */
export interface ViableNeed {
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
  readonly schema: 1;
  readonly machine: { readonly name: string | null; readonly kernel: string | null; readonly arch: string };
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
