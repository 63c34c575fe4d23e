import type { Meant, RandomMachine } from './random-machine.js';
import { short } from './topology.js';

/*
 * The partition by definition: two functions share a group when they are joined by a chain of pairs, each of which the
 * IOMMU cannot tell apart or cannot keep apart. It knows nothing of an order, of groups found or made, of steps.
 *
 * The kernel's algorithm, which is the truth, looks for groups that exist and never joins two of them. The two agree
 * because every function is present before the first is grouped, and bridges are grouped before what is behind them.
 * Function 0 of several has its multifunction bit set in every machine here: otherwise the kernel would not have found
 * the others (without that, which function comes first decides).
 */

const REQUIRED = [0x01, 0x04, 0x08, 0x10];

const flagsIsolate = ({ acs }: Meant, { settings }: RandomMachine): boolean => {
  if (acs === null) return false;
  if (acs === 'unread') return settings.unknown === 'optimistic';
  const switchedOn = settings.acsRead === 'before-boot' && settings.acsRequested;
  return REQUIRED.every((flag) => !(acs.capability & flag) || acs.control & flag || switchedOn);
};

const isolates = (one: Meant, machine: RandomMachine): boolean => {
  if (one.quirk.isolates) return one.quirk.isolates(machine.settings.acsRequested === true);
  switch (one.kind) {
    case 'root-port':
    case 'downstream-port':
      return flagsIsolate(one, machine);
    case 'endpoint':
    case 'legacy-endpoint':
    case 'upstream-port':
    case 'rc-endpoint':
      return !one.multifunction || flagsIsolate(one, machine);
    default:
      return false;
  }
};

/** The bridges from a function up to the root bus. */
const wayUp = (one: Meant): Meant[] => (one.above ? [one.above, ...wayUp(one.above)] : []);

const sameBus = (a: Meant, b: Meant): boolean => a.segment === b.segment && a.bus === b.bus;

/** The IOMMU sees both under one requester id. */
const aliased = (a: Meant, b: Meant): boolean =>
  a.host === b || (sameBus(a, b) && (a.aliases.includes(b.devfn) || b.aliases.includes(a.devfn)));

/** The lower one's requests may turn around at the upper bridge or above it. */
const notIsolatedUpwards = (lower: Meant, upper: Meant, machine: RandomMachine): boolean =>
  wayUp(lower).includes(upper) && [upper, ...wayUp(upper)].some((bridge) => !isolates(bridge, machine));

/** Functions of one device, which may reach each other inside it. */
const notIsolatedInside = (a: Meant, b: Meant, machine: RandomMachine): boolean =>
  sameBus(a, b) &&
  a.devfn >> 3 === b.devfn >> 3 &&
  (a.multifunction || b.multifunction) &&
  !isolates(a, machine) &&
  !isolates(b, machine);

const joined = (a: Meant, b: Meant, machine: RandomMachine): boolean =>
  aliased(a, b) || notIsolatedUpwards(a, b, machine) || notIsolatedInside(a, b, machine);

/** Each group as its members' addresses, in the form and order of `partitionOf()`. */
export const referencePartition = (machine: RandomMachine): string[] => {
  const groupOf = new Map(machine.functions.map((one) => [one, new Set([one])]));
  for (const a of machine.functions) {
    for (const b of machine.functions) {
      const [one, other] = [groupOf.get(a), groupOf.get(b)];
      if (a === b || !one || !other || one === other || !joined(a, b, machine)) continue;
      for (const member of other) groupOf.set(member, one.add(member));
    }
  }
  const groups = [...new Set(groupOf.values())];
  return groups
    .map((members) =>
      [...members]
        .map(({ name }) => short(name))
        .sort()
        .join(' '),
    )
    .sort();
};
