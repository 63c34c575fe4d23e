/**
 * A conformance kit for IOMMU drivers: cases as data, for whatever runs tests. They are tried on machines that the caller
 * gives, and on random ones that grow from those.
 *
 * @packageDocumentation
 */
import type { ConformanceCase, ConformanceOptions } from './conformance-case.js';
import { contractCases } from './themes/contract.js';
import { hotPlugCases } from './themes/hot-plug.js';
import { lifetimeCases } from './themes/lifetime.js';
import { malformedCases } from './themes/malformed.js';
import { orderCases } from './themes/order.js';
import { partitionCases } from './themes/partition.js';
import { regionCases } from './themes/regions.js';
import { uncertaintyCases } from './themes/uncertainty.js';

export { altered } from './altered.js';
export type { ConformanceCase, ConformanceOptions } from './conformance-case.js';
export { THEMES, type Theme } from './theme.js';

/**
 * All cases for a driver, theme by theme. Nothing runs yet.
 *
 * @example for (const c of driverConformance({ driver: foo(), machines: [board] })) test(c.title, () => c.run());
 */
export const driverConformance = (options: ConformanceOptions): readonly ConformanceCase[] =>
  [
    contractCases,
    lifetimeCases,
    partitionCases,
    orderCases,
    regionCases,
    malformedCases,
    hotPlugCases,
    uncertaintyCases,
  ].flatMap((casesOf) => casesOf(options));

/** How many cases there are, and which are skipped for what the driver does not declare: one line. */
export const conformanceSummary = (cases: readonly ConformanceCase[]): string => {
  const skipped = cases.filter(({ skip }) => skip !== undefined);
  const list = skipped.map(({ id, skip }) => `${id}: ${skip}`).join('; ');
  return `${cases.length} cases, ${skipped.length} skipped${list && ` (${list})`}`;
};
