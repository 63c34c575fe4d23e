import type { Device, Group, Reason } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { type AcsVerdict, acsVerdict, isPciDevice, type PciReason, ruleSentence } from '@iommu/pci';
import { uniqueComponents } from './components.js';
import type { ExplainedLink } from './explain-report.js';

/** A recorded reason, with the member of the group that it made a device join. */
export interface Link {
  readonly device: Device;
  /** `undefined`: the device opened its group. */
  readonly joined: Device | undefined;
  readonly reason: Reason;
}

/** Whether a reason is one of `@iommu/pci`, of whatever copy of it. */
const isPciReason = (reason: Reason): reason is PciReason => 'verdicts' in reason && 'subject' in reason;

/** The verdicts that a reason weighed: of what stands in for its device first. */
export const verdictsOf = (reason: Reason): readonly AcsVerdict[] => {
  if (!isPciReason(reason)) return [];
  return reason.standIn ? [...reason.standIn.verdicts, ...reason.verdicts] : reason.verdicts;
};

/** Why each member of a group joined whom, in the order of joining. */
export const linksOf = (running: RunningMachine, { devices }: Group): Link[] =>
  devices.flatMap((device, at) => {
    const before = new Set(devices.slice(0, at));
    const { reasons } = running.outcomeOf(device);
    return reasons.map((reason) => ({ device, joined: reason.devices.find((one) => before.has(one)), reason }));
  });

/** The link of a device, and those of what it joined, on to the one that opened the group. */
export const linksUp = (links: readonly Link[], device: Device): Link[] => {
  const chain: Link[] = [];
  for (let at: Device | undefined = device; at; ) {
    const found: Link | undefined =
      links.find((link) => link.device === at && link.joined) ?? links.find((link) => link.device === at);
    if (!found || chain.includes(found)) break;
    chain.push(found);
    at = found.joined;
  }
  return chain;
};

/** The links by which two members of a group hang together, in order; the fewest. */
export const linksBetween = (links: readonly Link[], from: Device, to: Device): Link[] | undefined => {
  const reached = new Map<Device, { readonly before: Device; readonly by: Link } | undefined>([[from, undefined]]);
  // A map is visited in the order of insertion, and what is added meanwhile too: so nearest first.
  for (const device of reached.keys()) {
    if (device === to) break;
    for (const link of links) {
      const { joined } = link;
      if (!joined || (link.device !== device && joined !== device)) continue;
      const next = link.device === device ? joined : link.device;
      if (!reached.has(next)) reached.set(next, { before: device, by: link });
    }
  }
  if (!reached.has(to)) return undefined;
  const chain: Link[] = [];
  for (let step = reached.get(to); step; step = reached.get(step.before)) chain.unshift(step.by);
  return chain;
};

/** Where nothing was weighed: what the device joined. */
const verdictsShown = ({ joined, reason }: Link): readonly AcsVerdict[] => {
  const weighed = verdictsOf(reason);
  if (weighed.length > 0 || !isPciReason(reason) || !joined || !isPciDevice(joined)) return weighed;
  return [acsVerdict(joined)];
};

/** A link as plain data. */
export const explainedLink = (link: Link): ExplainedLink => {
  const { device, joined, reason } = link;
  return {
    device: device.name,
    joined: joined?.name ?? null,
    rule: reason.rule,
    sentence: ruleSentence(reason.rule) ?? reason.text,
    text: reason.text,
    source: reason.source,
    components: uniqueComponents(verdictsShown(link)),
    unknown: reason.unknown ?? [],
  };
};
