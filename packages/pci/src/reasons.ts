import type { Reason } from '@iommu/core';
import { type AcsVerdict, acsVerdict, bridgeAbove } from './acs.js';
import { formatAcsFlags, REQUIRED_ACS_FLAGS } from './acs-flags.js';
import { formatPciAddress } from './address.js';
import type { AliasUse } from './dma-alias.js';
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
const NO_ALIASES: readonly AliasUse[] = [];

/** The device that stands for one that is grouped: a bridge past which it cannot be told from others, or isolated. */
export interface StandIn {
  /**
   * Never the grouped device: the last whose requester id its DMA may carry, or the highest bridge from which the way up
   * does not isolate.
   */
  readonly device: PciDevice;
  /** `alias`: the IOMMU sees the requester id of that device. `acs`: the way up does not isolate. */
  readonly by: 'alias' | 'acs';
  /** Of the bridges from there up, where ACS made it stand in. */
  readonly verdicts: readonly AcsVerdict[];
}

/** What one step of grouping weighed; the sentence is spelled when it is asked for. */
export class PciReason implements Reason {
  /** What it says of any device: `ruleSentence()`. */
  readonly rule: PciRule;
  /** The device that was being grouped. */
  readonly subject: PciDevice;
  /** The device whose group it joined, or at which the search for one ended. */
  readonly other: PciDevice;
  /** The ACS verdicts weighed: of the path above, or of both functions. */
  readonly verdicts: readonly AcsVerdict[];
  /** The kernel function that the rule restates: `pci_device_group()`. */
  readonly source: string;
  /** Of `alias-partner`: the requester ids that are shared, step by step. */
  readonly aliases: readonly AliasUse[];
  /** Where the rule was not applied to the subject itself. */
  readonly standIn: StandIn | undefined;

  constructor(
    rule: PciRule,
    subject: PciDevice,
    other: PciDevice,
    source: string,
    verdicts: readonly AcsVerdict[] = NO_VERDICTS,
    { aliases = NO_ALIASES, standIn }: { readonly aliases?: readonly AliasUse[]; readonly standIn?: StandIn } = {},
  ) {
    this.rule = rule;
    this.subject = subject;
    this.other = other;
    this.source = source;
    this.verdicts = verdicts;
    this.aliases = aliases;
    this.standIn = standIn;
  }

  /** `other` first, then the stand-in and those whose ACS was weighed, each once. */
  get devices(): readonly PciDevice[] {
    const more = [
      ...(this.standIn ? [this.standIn.device, ...this.standIn.verdicts.map(({ device }) => device)] : []),
      ...this.verdicts.map(({ device }) => device),
    ];
    return [this.other, ...new Set(more.filter((device) => device !== this.other))];
  }

  /** Empty: nothing had to be supposed. Put together anew at every read. */
  get unknown(): readonly string[] {
    const weighed = this.standIn ? [...this.standIn.verdicts, ...this.verdicts] : this.verdicts;
    const facts = weighed.flatMap(({ unknown }) => unknown ?? []);
    if (this.rule === 'dma-alias' && this.other.express === undefined)
      facts.push(`capability list of ${this.other.name}`);
    const { facts: own, name, pciBus, topology } = this.subject;
    if (hasHiddenAliases(own, topology.settings.kernel)) facts.push(`DMA aliases of ${name}`);
    if (pciBus.parentUnknown) facts.push(`bridge above ${name}`);
    return facts;
  }

  /** Names the devices; spelled anew at every read. */
  get text(): string {
    return `${standingIn(this)}${SENTENCES[this.rule](this)}`;
  }
}

const describeAll = (verdicts: readonly AcsVerdict[]): string =>
  verdicts.map((verdict) => `${verdict.device.name} ${describeVerdict(verdict)}`).join('; ');

const describeAliases = (aliases: readonly AliasUse[]): string =>
  aliases
    .map(({ device, devfn, by }) => {
      const id = formatPciAddress({ segment: device.segment, rid: (device.rid & 0xff00) | devfn });
      return `DMA of ${device.name} may carry the requester id of ${id} (${by === 'quirk' ? 'quirk table' : 'firmware'})`;
    })
    .join('; ');

const reach = (subject: PciDevice, bridge: PciDevice, verdicts: readonly AcsVerdict[]): string => {
  const failing = verdicts.find((verdict) => !verdict.isolated);
  const why = failing ? `${failing.device.name} ${describeVerdict(failing)}` : 'the path above does not isolate';
  return `${subject.name} can reach other devices below ${bridge.name} past the IOMMU: ${why}.`;
};

const sameRequester = (subject: PciDevice, bridge: PciDevice): string =>
  `DMA of ${subject.name} arrives with a requester id of ${bridge.name}: the IOMMU cannot tell them apart.`;

/** Why the rule was applied to another device. */
const standingIn = ({ subject, standIn }: PciReason): string => {
  if (!standIn) return '';
  const { device, by, verdicts } = standIn;
  return `${by === 'acs' ? reach(subject, device, verdicts) : sameRequester(subject, device)} `;
};

const SENTENCES: Readonly<Record<PciRule, (reason: PciReason) => string>> = {
  'same-dma-device': ({ subject, other }) =>
    `${subject.name} does its DMA with the requester id of ${other.name}, which hosts its segment.`,
  'dma-alias': ({ subject, other }) => sameRequester(subject, other),
  'acs-missing-upstream': ({ subject, other, verdicts }) => reach(subject, other, verdicts),
  'alias-partner': ({ subject, other, aliases, standIn }) =>
    `The IOMMU cannot tell ${(standIn?.device ?? subject).name} and ${other.name} apart: ${describeAliases(aliases)}.`,
  'bus-with-alias': ({ subject, other }) =>
    `A function on the bus of ${subject.name} uses the requester id of another; this release then joins the whole bus, ${other.name} among it.`,
  'multifunction-without-acs': ({ subject, other, verdicts, aliases, standIn }) => {
    const more = aliases.length > 0 ? `; ${describeAliases(aliases)}` : '';
    return `${(standIn?.device ?? subject).name} and ${other.name} are functions of one device that may talk to each other inside it: ${describeAll(verdicts)}${more}.`;
  },
  'bus-not-isolated': ({ subject, other, verdicts }) =>
    `${subject.name} is on or below a bus on which devices can reach each other, ${other.name} among them${verdicts.length > 0 ? `: ${describeAll(verdicts)}` : ''}.`,
  isolated: ({ subject, verdicts }) => {
    const overridden = [acsVerdict(subject), ...verdicts].filter(({ basis }) => basis === 'override');
    const claim = `Nothing that has a group shares a requester id with ${subject.name} or can be reached from it past the IOMMU`;
    if (overridden.length > 0) {
      const names = [...new Set(overridden.map(({ device }) => device.name))].join(', ');
      return `${claim}, as pcie_acs_override has Linux believe of ${names}: split on paper, isolation not proven.`;
    }
    if (verdicts.length > 0) return `${claim}: ${describeAll(verdicts)}.`;
    return bridgeAbove(subject) ? `${claim}.` : `${claim}: no bridge is above it.`;
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
