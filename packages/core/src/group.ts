import type { Device } from './device.js';

/** The type of a domain as a group's `type` file spells it. */
export type DomainType = 'identity' | 'DMA' | 'DMA-FQ';

/**
 * An IOMMU group, `/sys/kernel/iommu_groups/<id>`.
 *
 * Lives while anything holds a reference: each member holds one, and so does everyone who was handed the group by a
 * call that says so. `using group = groups.get(device)` gives the reference back at the end of the block.
 */
export interface Group {
  /** The lowest that was free when the group was made, counted from 0; free again when it has ended. */
  readonly id: number;
  /** Content of the `name` file; `undefined`: no such file. */
  readonly name: string | undefined;
  /** Members in the order in which they joined. */
  readonly devices: readonly Device[];
  /** The names of the links below `devices/`, in the same order; a clash is told apart by `.0`, `.1`, … */
  readonly linkNames: readonly string[];
  /** All references, those of the members included; 0 when the group has ended. */
  readonly references: number;
  /** The default domain, as `type` shows it; `undefined` prints `unknown`. */
  readonly type: DomainType | undefined;
  /** What the driver stored with the group. */
  readonly data: unknown;
  /** The same as `put()`. */
  [Symbol.dispose](): void;
}
