import { isIommuError } from '@iommu/core';
import { type ConformanceCase, type ConformanceOptions, failure } from './conformance-case.js';
import { Subject } from './subject.js';
import type { Theme } from './theme.js';

/** One case as a theme writes it down. */
export interface CaseSketch {
  /** Without the theme: `claims`. */
  readonly id: string;
  /** The rule, as a sentence whose subject is the driver. */
  readonly title: string;
  /** What the driver lacks for the case; `undefined`: nothing. */
  readonly lacks?: (subject: Subject) => string | undefined;
  readonly check: (subject: Subject) => void;
}

/** A driver that cannot even say what it declares has every case run. */
const lackOf = (lacks: CaseSketch['lacks'], subject: Subject): string | undefined => {
  try {
    return lacks?.(subject);
  } catch {
    return undefined;
  }
};

/** What core says of a breach of the contract is as good as what the kit says. */
const checked = (check: CaseSketch['check'], subject: Subject): void => {
  try {
    check(subject);
  } catch (error) {
    if (isIommuError(error, 'ERR_CONFORMANCE')) throw error;
    throw failure(error instanceof Error ? error.message : String(error), error);
  }
};

/** The cases of a theme for a driver. */
export const defineCases =
  (theme: Theme, sketches: readonly CaseSketch[]) =>
  (options: ConformanceOptions): readonly ConformanceCase[] =>
    sketches.map(({ id: own, title, lacks, check }) => {
      const id = `${theme}/${own}`;
      const subject = new Subject(options, id);
      const skip = lackOf(lacks, subject);
      return {
        id,
        theme,
        title: `${theme}: ${title}${skip === undefined ? '' : ` (skipped: ${skip})`}`,
        skip,
        run: () => {
          if (skip === undefined) checked(check, subject);
        },
      };
    });
