import type { Device } from './device.js';

/**
 * Why something was decided: recorded at the moment of the decision, so that an explanation only prints.
 *
 * An object may be shared by many decisions, and `text` may be a getter that spells the sentence when it is read.
 */
export interface Reason {
  /** Stable, kebab-case: `acs-missing-upstream`, `dma-alias`, `isolated`. */
  readonly rule: string;
  /** The rule applied to these devices, in one sentence. */
  readonly text: string;
  /** The kernel function, or the document and section, that the rule restates. */
  readonly source: string;
  /** The devices that caused it, the nearest first. */
  readonly devices: readonly Device[];
  /**
   * What the input does not hold and the decision had to suppose, one phrase each (`ACS control of 0000:00:1c.0`).
   * Absent or empty: nothing was supposed.
   */
  readonly unknown?: readonly string[];
}
