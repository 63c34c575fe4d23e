import { type AcsVerdict, acsPath, acsVerdict, bridgeAbove, type PciDevice, slotOf } from '@iommu/pci';
import { wayUp } from '../way-up.js';

/** What keeps two devices apart. */
export interface Isolation {
  /** The verdicts weighed, those of the first device's way first: each that isolates. */
  readonly verdicts: readonly AcsVerdict[];
  /** They are behind different devices of root buses, or are such themselves. */
  readonly rootComplex: boolean;
}

const isSameDevice = (a: PciDevice, b: PciDevice): boolean => a.pciBus === b.pciBus && slotOf(a.rid) === slotOf(b.rid);

/** Where the ways up of two devices part: the two that are on one bus, or on root buses. */
const parting = (a: PciDevice, b: PciDevice): readonly [PciDevice | undefined, PciDevice | undefined] => {
  const [one, other] = [wayUp(a), wayUp(b)];
  let depth = 1;
  while (depth <= one.length && depth <= other.length && one.at(-depth) === other.at(-depth)) depth++;
  return [one.at(-depth), other.at(-depth)];
};

/**
 * What isolates two functions from each other: the bridges above each, all the way up; and where their ways part inside
 * one device of several functions, these functions.
 */
export const isolationOf = (a: PciDevice, b: PciDevice): Isolation => {
  const [first, second] = parting(a, b);
  const inside = first && second && isSameDevice(first, second) ? [acsVerdict(first), acsVerdict(second)] : [];
  const above = [a, b].flatMap((device) => {
    const bridge = bridgeAbove(device);
    return bridge ? acsPath(bridge).verdicts : [];
  });
  const all = [...above, ...inside].filter(({ isolated }) => isolated);
  return {
    verdicts: [...new Map(all.map((verdict) => [verdict.device, verdict])).values()],
    rootComplex:
      first !== undefined &&
      second !== undefined &&
      !first.pciBus.parent &&
      !second.pciBus.parent &&
      inside.length === 0,
  };
};
