import type { Reason } from '@iommu/core';
import { type AcsVerdict, acsVerdict } from './acs.js';
import { formatAcsFlags, REQUIRED_ACS_FLAGS } from './acs-flags.js';
import { pcieTypeName } from './express.js';
import type { PciDevice } from './pci-device.js';
import { hasHiddenAliases } from './quirks/dma-aliases.js';

/** The rules by which PCI devices come to share a group, or not. */
export type PciRule =
  | 'same-dma-device'
  | 'dma-alias'
  | 'acs-missing-upstream'
  | 'alias-partner'
  | 'multifunction-without-acs'
  | 'bus-with-alias'
  | 'bus-not-isolated'
  | 'isolated';

const NO_VERDICTS: readonly AcsVerdict[] = [];

/** What one step of grouping weighed; the sentence is spelled when it is asked for. */
export class PciReason implements Reason {
  readonly rule: PciRule;
  /** The device that was being grouped. */
  readonly subject: PciDevice;
  /** The device whose group it joined, or at which the search for one ended. */
  readonly other: PciDevice;
  /** The ACS verdicts weighed: of the path above, or of both functions. */
  readonly verdicts: readonly AcsVerdict[];
  readonly source: string;

  constructor(
    rule: PciRule,
    subject: PciDevice,
    other: PciDevice,
    source: string,
    verdicts: readonly AcsVerdict[] = NO_VERDICTS,
  ) {
    this.rule = rule;
    this.subject = subject;
    this.other = other;
    this.source = source;
    this.verdicts = verdicts;
  }

  get devices(): readonly PciDevice[] {
    return [this.other, ...this.verdicts.map(({ device }) => device).filter((device) => device !== this.other)];
  }

  get unknown(): readonly string[] {
    const facts = this.verdicts.flatMap(({ unknown }) => unknown ?? []);
    if (this.rule === 'dma-alias' && this.other.express === undefined)
      facts.push(`capability list of ${this.other.name}`);
    const { facts: own, name, pciBus, topology } = this.subject;
    if (hasHiddenAliases(own, topology.settings.kernel)) facts.push(`DMA aliases of ${name}`);
    if (pciBus.parentUnknown) facts.push(`bridge above ${name}`);
    return facts;
  }

  get text(): string {
    return SENTENCES[this.rule](this);
  }
}

const SENTENCES: Readonly<Record<PciRule, (reason: PciReason) => string>> = {
  'same-dma-device': ({ subject, other }) =>
    `${subject.name} does its DMA with the requester id of ${other.name}, which hosts its segment.`,
  'dma-alias': ({ subject, other }) =>
    `DMA of ${subject.name} arrives with a requester id of ${other.name}: the IOMMU cannot tell them apart.`,
  'acs-missing-upstream': ({ subject, other, verdicts }) => {
    const failing = verdicts.find((verdict) => !verdict.isolated);
    const why = failing ? `${failing.device.name} ${describeVerdict(failing)}` : 'the path above does not isolate';
    return `${subject.name} can reach other devices below ${other.name} past the IOMMU: ${why}.`;
  },
  'alias-partner': ({ subject, other }) =>
    `${subject.name} and ${other.name} use each other's requester ids (a quirk, or the firmware, says so).`,
  'bus-with-alias': ({ subject, other }) =>
    `A function on the bus of ${subject.name} uses the requester id of another; this release then joins the whole bus, ${other.name} among it.`,
  'multifunction-without-acs': ({ subject, other, verdicts }) => {
    const why = verdicts.map((verdict) => `${verdict.device.name} ${describeVerdict(verdict)}`).join('; ');
    return `${subject.name} and ${other.name} are functions of one device that may talk to each other inside it: ${why}.`;
  },
  'bus-not-isolated': ({ subject, other, verdicts }) => {
    const why = verdicts.map((verdict) => `${verdict.device.name} ${describeVerdict(verdict)}`).join('; ');
    return `${subject.name} is on or below a bus on which devices can reach each other, ${other.name} among them${why && `: ${why}`}.`;
  },
  isolated: ({ subject, verdicts }) => {
    const overridden = [acsVerdict(subject), ...verdicts].filter(({ basis }) => basis === 'override');
    const claim = `Nothing that has a group shares a requester id with ${subject.name} or can be reached from it past the IOMMU`;
    if (overridden.length === 0) return `${claim}.`;
    const names = [...new Set(overridden.map(({ device }) => device.name))].join(', ');
    return `${claim}, as pcie_acs_override has Linux believe of ${names}: split on paper, isolation not proven.`;
  },
};

/** What a verdict rests on, to follow the device's name. */
export const describeVerdict = (verdict: AcsVerdict): string => {
  const { basis, device, capability = 0, control = 0, missing, quirk, unknown, isolated } = verdict;
  switch (basis) {
    case 'quirk':
      return `${isolated ? 'isolates' : 'does not isolate'} by quirk ${quirk}`;
    case 'flags':
      return isolated
        ? `has ${formatAcsFlags(REQUIRED_ACS_FLAGS & capability) || 'nothing to control'} set`
        : `lacks ${formatAcsFlags(missing)} (ACS control: ${formatAcsFlags(control) || 'none'})`;
    case 'no-capability':
      return `(${pcieTypeName(device.express ?? 0)}) has no ACS capability`;
    case 'conventional':
      return 'is conventional PCI, which has no ACS';
    case 'bridge':
      return `is a ${pcieTypeName(device.express ?? 0)}, which never isolates`;
    case 'single-function':
      return 'has one function and is no port';
    case 'other-type':
      return `is of reserved type ${device.express}`;
    case 'override':
      return 'isolates on paper by pcie_acs_override, which proves nothing';
    case 'unknown':
      return `is taken ${isolated ? 'to isolate' : 'not to isolate'}, for want of the ${unknown}`;
  }
};
