import type { AcsBasis, PcieTypeName } from '@iommu/pci';

/** What a function's ACS registers are as grouping uses them; `null` for one that was not read. */
export interface ExplainedAcs {
  /** Names of flags, a blank between; empty: none. */
  readonly capability: string | null;
  readonly control: string | null;
}

/** A function whose isolation was weighed, with the evidence. */
export interface ExplainedComponent {
  readonly device: string;
  /** Its kind; `conventional`: not PCI Express; `unknown`: the input does not say. */
  readonly kind: PcieTypeName | 'conventional' | 'reserved' | 'unknown';
  readonly isolates: boolean;
  readonly basis: AcsBasis;
  /** `none`: it has no ACS capability; `unknown`: the input does not say. */
  readonly acs: ExplainedAcs | 'none' | 'unknown';
  /** The flags that had to be on for this kind, as far as they are advertised, and those of them that are off. */
  readonly needed: string;
  readonly missing: string;
  /** The quirk that answered, and the release that brought it; `null`: none did. */
  readonly quirk: string | null;
  readonly quirkSince: string | null;
  /** To follow the device's name. */
  readonly text: string;
}

/** One recorded reason: why a device is where it is. */
export interface ExplainedLink {
  readonly device: string;
  /** The device whose group it joined; `null`: it opened a group. */
  readonly joined: string | null;
  /** Stable code of the rule. */
  readonly rule: string;
  /** The rule in one sentence that holds for any device. */
  readonly sentence: string;
  /** The rule applied to these devices. */
  readonly text: string;
  /** The kernel function that the rule restates. */
  readonly source: string;
  readonly components: readonly ExplainedComponent[];
  /** What was supposed, for want of a fact. */
  readonly unknown: readonly string[];
}

/** Changes that together, and only together, change the answer: each was tried in the model. */
export interface ExplainedWay {
  /** What is to be done: a setting of firmware, a word on the kernel's command line, another slot, another kernel. */
  readonly kind: 'firmware' | 'command-line' | 'slot' | 'kernel' | 'several';
  /** In the words of `iommu what-if`. */
  readonly changes: readonly string[];
}

/** A fact that is not in the input, and how to get it. */
export interface UnknownFact {
  readonly fact: string;
  readonly capture: string;
}

/** A group that one of the devices is in. */
export interface ExplainedGroup {
  /** `null`: it depends on what the input does not hold. */
  readonly id: number | null;
  /** In the order in which they joined. */
  readonly devices: readonly string[];
}

/** Why a device is in its group, or two share one or do not; `explain.schema.json` of this package describes it. */
export interface ExplainReport {
  readonly schema: 1;
  readonly machine: { readonly name: string | null; readonly kernel: string | null; readonly arch: string };
  /** One device or two. */
  readonly devices: readonly string[];
  /**
   * Of one device: `shared` with others, or `alone`. Of two: `together`, or `apart`. `ungrouped`: one has no group at all.
   */
  readonly relation: 'shared' | 'alone' | 'together' | 'apart' | 'ungrouped';
  /** Nothing that is missing from the input could change the relation. */
  readonly certain: boolean;
  /** Of each of the devices; `null`: it has none. */
  readonly groups: readonly (ExplainedGroup | null)[];
  /**
   * Of one device: its reason, and those of what it joined, on to the one that opened the group. Of two that share a
   * group: the reasons by which they hang together, in order from the first to the second. Else the reason of each.
   */
  readonly links: readonly ExplainedLink[];
  /** Of two that are apart: what isolates them. */
  readonly isolation: readonly ExplainedComponent[];
  /** Of two that are apart: they meet only in the root complex, which Linux takes to lead everything to the IOMMU. */
  readonly rootComplex: boolean;
  /** What would part them, or join them: each by itself. */
  readonly ways: readonly ExplainedWay[];
  /** What would part them for Linux without isolating anything. */
  readonly onPaper: readonly ExplainedWay[];
  /**
   * Where there is no way, every single change of the model was tried to what has a say in it: the members of the groups,
   * the bridges above them, and the other functions of their slots; `false`: there were too many.
   */
  readonly exhaustive: boolean;
  readonly unknown: readonly UnknownFact[];
}
