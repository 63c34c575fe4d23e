/**
 * Questions to a running machine, as pure functions: its groups as plain data, and computed against observed.
 *
 * @packageDocumentation
 */
export { type Agreement, type CheckReport, check, type DifferingDevice, partitionIsCertain } from './check.js';
export { type Bounds, type ComparisonReport, comparePolicies, type GroupChange } from './compare-policies.js';
export {
  type DiagnosticReport,
  type GroupReport,
  type GroupsReport,
  groupsReport,
  observedReport,
  type UngroupedReport,
} from './groups-report.js';
export { checkSchema, comparisonSchema, groupsSchema } from './report-schemas.js';
