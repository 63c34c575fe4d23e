import {
  type AcsVerdict,
  acsStateOf,
  describeVerdict,
  formatAcsFlags,
  type PciDevice,
  PcieType,
  type PcieTypeName,
  pcieTypeName,
} from '@iommu/pci';
import type { ExplainedAcs, ExplainedComponent } from './explain-report.js';

const kindOf = ({ express }: PciDevice): ExplainedComponent['kind'] => {
  if (express === null) return 'conventional';
  if (express === undefined) return 'unknown';
  const name = pcieTypeName(express);
  return Object.hasOwn(PcieType, name) ? (name as PcieTypeName) : 'reserved';
};

const flags = (bits: number | undefined): string | null => (bits === undefined ? null : formatAcsFlags(bits));

const acsOf = (device: PciDevice): ExplainedAcs | 'none' | 'unknown' => {
  const state = acsStateOf(device);
  if (!state) return state === null ? 'none' : 'unknown';
  return { capability: flags(state.capability), control: flags(state.control) };
};

/** A verdict that was weighed, as plain data. */
export const componentOf = (verdict: AcsVerdict): ExplainedComponent => ({
  device: verdict.device.name,
  kind: kindOf(verdict.device),
  isolates: verdict.isolated,
  basis: verdict.basis,
  acs: acsOf(verdict.device),
  needed: formatAcsFlags(verdict.needed),
  missing: formatAcsFlags(verdict.missing),
  quirk: verdict.quirk ?? null,
  quirkSince: verdict.quirkSince ?? null,
  text: describeVerdict(verdict),
});

/** Each device's once, the first that is named. */
export const uniqueComponents = (verdicts: readonly AcsVerdict[]): ExplainedComponent[] =>
  [...new Map(verdicts.map((verdict) => [verdict.device, verdict])).values()].map(componentOf);
