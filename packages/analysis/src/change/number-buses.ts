import { formatBus } from '@iommu/pci';
import { impossible, undecided } from './change.js';
import { type BusNode, type FunctionNode, lastVirtual, type PciTree } from './pci-tree.js';

const LAST_BUS = 0xff;

interface Turn {
  readonly bridge: FunctionNode;
  readonly behind: BusNode;
}

/**
 * The bridges of a bus in the order in which firmware numbers what is behind them: by their places; where it did not go
 * by them before, by the numbers that it gave, and what is new by its place among them.
 */
const turnsOf = ({ functions, inOrder }: BusNode): Turn[] => {
  const bridges = functions.flatMap((bridge) => (bridge.behind ? [{ bridge, behind: bridge.behind }] : []));
  const byPlace = bridges.sort((a, b) => a.bridge.devfn - b.bridge.devfn);
  if (inOrder) return byPlace;
  const isOld = ({ bridge }: Turn): boolean => bridge.was !== undefined;
  const turns = byPlace.filter(isOld).sort((a, b) => a.behind.was - b.behind.was);
  for (const fresh of byPlace.filter((turn) => !isOld(turn))) {
    const at = turns.findIndex(({ bridge }) => bridge.devfn > fresh.bridge.devfn);
    turns.splice(at < 0 ? turns.length : at, 0, fresh);
  }
  return turns;
};

/** Number a bus and all below it, depth first. @returns The highest number given. */
const number = (bus: BusNode, first: number, limit: number): number => {
  if (first > limit) {
    const where = limit === LAST_BUS ? 'the last there is' : 'the last before another root bus';
    throw impossible(
      `there are not enough bus numbers in segment ${bus.segment}: ${formatBus(bus.segment, limit)} is ${where}`,
    );
  }
  bus.number = first;
  let last = lastVirtual(bus, first);
  for (const { behind } of turnsOf(bus)) last = Math.max(last, number(behind, last + 1 + behind.gap, limit));
  bus.last = Math.max(last, Math.min(limit, first + bus.reserve - 1));
  return bus.last;
};

/** A bus to which no known bridge leads keeps its number; nobody else may get it. */
const keepLoose = (loose: BusNode, roots: readonly BusNode[]): void => {
  const others = (bus: BusNode): boolean =>
    bus !== loose && bus.segment === loose.segment && isTaken(bus, loose.number);
  if (!roots.some(others)) return;
  throw undecided(
    `nothing in the input says which bridge leads to bus ${formatBus(loose.segment, loose.was)}, and another bus would get that number`,
  );
};

const isTaken = (bus: BusNode, wanted: number): boolean =>
  bus.number === wanted || bus.functions.some(({ behind }) => behind && isTaken(behind, wanted));

/**
 * Give every bus a number as firmware would: depth first as bridges are met, root buses as they were. Numbers that it
 * left out before, and those that it keeps for what may be plugged in, it leaves out and keeps again.
 *
 * @throws IommuError `ERR_CHANGE` when the numbers before the next root bus do not suffice; `ERR_CHANGE_UNKNOWN` when
 * it is not known where in the numbering a bus belongs.
 */
export const numberBuses = ({ roots }: PciTree): void => {
  for (const root of roots) {
    const above = roots.filter(({ segment, was, isLoose }) => !isLoose && segment === root.segment && was > root.was);
    number(root, root.was, Math.min(LAST_BUS, ...above.map(({ was }) => was - 1)));
  }
  for (const loose of roots) if (loose.isLoose) keepLoose(loose, roots);
};
