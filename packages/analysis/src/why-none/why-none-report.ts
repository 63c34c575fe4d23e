/** Why devices have no group: one recorded reason, with all devices that it holds for. */
export interface WhyNoneCause {
  /** Stable code of the rule. */
  readonly rule: string;
  /** The reason as it was recorded; of several devices that of the first. */
  readonly text: string;
  /** The kernel function, or the document, that it rests on. */
  readonly source: string;
  /** In the order of their registration; one at least. */
  readonly devices: readonly string[];
  /** What would help; `null`: nothing that is known. */
  readonly remedy: string | null;
}

/** Why a machine or a device has no group; `why-none.schema.json` of this package describes it. */
export interface WhyNoneReport {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /**
   * Its name, for people; the kernel's release, `null`: not in the input, so the newest rules; its `arch/` folder:
   * `x86`, `arm64`.
   */
  readonly machine: { readonly name: string | null; readonly kernel: string | null; readonly arch: string };
  /** `null`: the whole machine was asked about. */
  readonly device: string | null;
  /** `grouped`: it has a group, or the machine has some; `unknown`: the input does not hold what would decide. */
  readonly verdict: 'grouped' | 'none' | 'unknown';
  /** How many the whole machine has as computed, also where one device was asked about. */
  readonly groups: number;
  /** Of those asked about that have none, the most devices first. */
  readonly causes: readonly WhyNoneCause[];
  /** What the answer supposes, or what contradicts it, one sentence each. */
  readonly doubts: readonly string[];
  /** What else was found odd on the way, as the drivers reported it. */
  readonly findings: readonly string[];
}
