/**
 * Questions to a running machine, as pure functions: its groups as plain data, and computed against observed.
 *
 * @packageDocumentation
 */

export { type BestSlotReport, bestSlots, type SlotReport } from './best-slots.js';
export { applyChange, applyChanges, type ChangedMachine, type ChangeOptions } from './change/apply-change.js';
export { CARDS, cardNamed } from './change/cards.js';
export {
  type AcsChange,
  type AddChange,
  type BypassChange,
  type Card,
  type Change,
  type CommandLineChange,
  formatChange,
  type KernelChange,
  type MoveChange,
  type PolicyChange,
  type ReaddressChange,
  type RemoveChange,
  type SwapChange,
  type TableChange,
  type VfsChange,
} from './change/change.js';
export { bootedAs } from './change/kernel-change.js';
export { parseChange, parseChanges } from './change/parse-change.js';
export { cardsOf, type PluggedCard } from './change/places.js';
export { type Agreement, type CheckReport, check, type DifferingDevice, partitionIsCertain } from './check.js';
export { type Bounds, type ComparisonReport, comparePolicies, type GroupChange } from './compare-policies.js';
export { type DiffOptions, type DiffReport, diff, hasChanges, type TriedDifference } from './diff/diff.js';
export type { Difference } from './diff/differences.js';
export { MATCH_BY, type MatchBy, type MatchedDevice } from './diff/match-devices.js';
export { diffSchema } from './diff-schema.js';
export { acsText } from './explain/acs-text.js';
export { everyChange } from './explain/every-change.js';
export { explain } from './explain/explain.js';
export type {
  ExplainedAcs,
  ExplainedComponent,
  ExplainedGroup,
  ExplainedLink,
  ExplainedWay,
  ExplainReport,
  UnknownFact,
} from './explain/explain-report.js';
export { type PathNode, type PathTree, pathTree } from './explain/path-tree.js';
export { explainSchema } from './explain-schema.js';
export type { WhatIfGroup, WhatIfGroups, WhatIfReason, WhatIfRelabelled } from './group-sides.js';
export {
  type DiagnosticReport,
  type GroupReport,
  type GroupsReport,
  groupsReport,
  observedReport,
  type UngroupedReport,
} from './groups-report.js';
export { idsSchema } from './ids-schema.js';
export { type P2pClearing, type P2pReport, type P2pStep, p2p, type Route } from './p2p.js';
export { p2pSchema } from './p2p-schema.js';
export { checkSchema, comparisonSchema, groupsSchema } from './report-schemas.js';
export { type IdsReport, type StableDevice, type StableGroup, stableIds } from './stable-ids.js';
export { type StaleBits, type StaleGroups, type StaleOptions, type StaleReport, stale } from './stale.js';
export { staleSchema } from './stale-schema.js';
export { type Relation, relationIn, type Trial, type TrialOptions, Trials } from './trials.js';
export { type ViabilityRule, viabilityRuleOf } from './viable/viability-rule.js';
export { type ViableOptions, viable } from './viable/viable.js';
export type {
  Verdict,
  Viability,
  ViableDevice,
  ViableGroup,
  ViableMember,
  ViableNeed,
  ViableReason,
  ViableReport,
  ViableSetup,
} from './viable/viable-report.js';
export { viableSchema } from './viable-schema.js';
export { isChanged, type WhatIfReport, whatIf } from './what-if.js';
export { bestSlotSchema, whatIfSchema } from './what-if-schemas.js';
export { whyNone } from './why-none/why-none.js';
export type { WhyNoneCause, WhyNoneReport } from './why-none/why-none-report.js';
export { whyNoneSchema } from './why-none-schema.js';
