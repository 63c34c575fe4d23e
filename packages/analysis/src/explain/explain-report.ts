import type { AcsBasis, PcieTypeName } from '@iommu/pci';

/** What a function's ACS registers are as grouping uses them; `null` for one that was not read. */
export interface ExplainedAcs {
  /** Names of flags, a blank between; empty: none. */
  readonly capability: string | null;
  /** Flags that are set, with those that the kernel switches on, in the same form. */
  readonly control: string | null;
}

/** A function whose isolation was weighed, with the evidence. */
export interface ExplainedComponent {
  /** A PCI address, the segment always written: `0000:00:1c.0`. */
  readonly device: string;
  /** Its kind; `conventional`: not PCI Express; `unknown`: the input does not say. */
  readonly kind: PcieTypeName | 'conventional' | 'reserved' | 'unknown';
  /** As Linux judges; where `basis` is `unknown` it was supposed, of a machine booted pessimistically `false`. */
  readonly isolates: boolean;
  /** What decided; each value is explained at `AcsBasis` of `@iommu/pci`. */
  readonly basis: AcsBasis;
  /** `none`: it has no ACS capability; `unknown`: the input does not say. */
  readonly acs: ExplainedAcs | 'none' | 'unknown';
  /**
   * Flags that had to be on: of `SV RR CR UF` those that it advertises, all where it has no capability or that was not
   * read; empty where flags did not decide.
   */
  readonly needed: string;
  /** Those of `needed` that are off, in the same form; empty also where what is on was not read. */
  readonly missing: string;
  /** The quirk that answered; `null`: none did. */
  readonly quirk: string | null;
  /** The release that brought this quirk for this device: `3.15`; `null`: none answered. */
  readonly quirkSince: string | null;
  /** To follow the device's name. */
  readonly text: string;
}

/** One recorded reason: why a device is where it is. */
export interface ExplainedLink {
  /** The device whose reason it is: a PCI address with its segment, or a name from sysfs. */
  readonly device: string;
  /** The device whose group it joined; `null`: it opened a group, or has none. */
  readonly joined: string | null;
  /** Stable code of the rule. */
  readonly rule: string;
  /** The rule in one sentence that holds for any device. */
  readonly sentence: string;
  /** The rule applied to these devices. */
  readonly text: string;
  /** The kernel function that the rule restates. */
  readonly source: string;
  /** The functions that were weighed, each once; where none was, the one that it joined, if both are on PCI. */
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
  /** `ACS capability of 0000:00:1c.0` */
  readonly fact: string;
  /** In words, with the command: `read as root: sudo lspci -vvvnn, or sudo iommu capture`; or that nothing gets it. */
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
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /**
   * Its name, for people; the kernel's release, `null`: not in the input, so the newest rules; its `arch/` folder:
   * `x86`, `arm64`.
   */
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
  /** The facts that `links` and `isolation` lacked, each once; whether they matter says `certain`. */
  readonly unknown: readonly UnknownFact[];
}
