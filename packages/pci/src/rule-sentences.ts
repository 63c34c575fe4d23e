import type { PciRule } from './reasons.js';

/** The rules by which PCI devices come to share a group, each in one sentence that holds for any device. */
const SENTENCES: Readonly<Record<PciRule, string>> = {
  'same-dma-device':
    'What is in a segment that an endpoint hosts does its DMA with the requester id of that endpoint, and shares its group.',
  'dma-alias': 'A device shares the group of any device whose requester id its DMA may carry.',
  'acs-missing-upstream':
    'A device shares the group of the nearest bridge above it while some bridge from there up to the root bus does not validate sources, redirect requests and completions, and forward upstream (SV RR CR UF).',
  'alias-partner': 'Functions of one bus share a group when DMA of one may carry the requester id of the other.',
  'multifunction-without-acs':
    'Functions of one device share a group when neither keeps what it sends to the other from staying inside the device.',
  'bus-with-alias': 'Where a function of a bus uses the requester id of another, the whole bus shares a group.',
  'bus-not-isolated':
    'Everything on and below the first bus, from the root down, on which devices can reach each other shares a group.',
  isolated: 'A device that nothing makes share the group of another opens one of its own.',
};

/**
 * A {@link PciRule} in one sentence that holds for any device; of the devices at hand `PciReason.text` speaks.
 *
 * @returns `undefined` for a rule that is not one of this package.
 */
export const ruleSentence = (rule: string): string | undefined =>
  Object.hasOwn(SENTENCES, rule) ? SENTENCES[rule as PciRule] : undefined;
