import { type IommuDriver, IommuError } from '@iommu/core';
import type { Machine } from '@iommu/machine';
import type { Theme } from './theme.js';

/** What is tried, and on which machines. */
export interface ConformanceOptions {
  /** What a program would install. Each boot is with it alone, or with a copy of which some members are others. */
  readonly driver: IommuDriver;
  /**
   * At least one machine in which the driver finds an IOMMU: its firmware, or hardware for which the driver supposes some.
   * Random machines grow from these; {@link Machine.pci} with facts left out are unknown there, too.
   */
  readonly machines: readonly Machine[];
  /** Random machines for each case that takes some; default 100. */
  readonly runs?: number;
  /** Of the random machines; default 1, so that a run can be repeated. A failure names it. */
  readonly seed?: number;
}

/** One case, for whatever runs tests. */
export interface ConformanceCase {
  /** Stable: `lifetime/claims`. */
  readonly id: string;
  /**
   * The first part of `id`. Its cases alone come from an entry point of that name: `@iommu/driver-testkit/lifetime`.
   */
  readonly theme: Theme;
  /** The rule; of a case that is skipped also why. */
  readonly title: string;
  /** Why there is nothing to try: the driver does not declare what the case is about. */
  readonly skip: string | undefined;
  /**
   * Try it; one that is skipped does nothing.
   *
   * @throws IommuError `ERR_CONFORMANCE` that says what is wrong and on which machine; of a random one also the seed, and the
   * smallest machine found on which it is wrong.
   */
  run(): void;
}

/** Something that a driver gets wrong. */
export const failure = (message: string, cause?: unknown): IommuError =>
  new IommuError('ERR_CONFORMANCE', message, cause === undefined ? {} : { cause });

/** @throws IommuError `ERR_CONFORMANCE` */
export function demand(holds: boolean, message: () => string): asserts holds {
  if (!holds) throw failure(message());
}
