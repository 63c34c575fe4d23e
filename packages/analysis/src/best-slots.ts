import type { Device, IommuError } from '@iommu/core';
import { bridgeAbove, isPciDevice, type PciDevice } from '@iommu/pci';
import { formatChange, impossible } from './change/change.js';
import { spelled } from './change/pci-tree.js';
import { reasonOf } from './compare-policies.js';
import { deviceAfter, type Trial, type Trials } from './trials.js';

/** One place for a card, and what its groups would be there. */
export interface SlotReport {
  /** The bridge behind which the card is then, as it is addressed now. */
  readonly port: string;
  /** The change that puts it there; `null`: it is there. */
  readonly change: string | null;
  /** Addresses of the card's functions there. */
  readonly functions: readonly string[];
  /** Of `functions` those that have no group there, sorted. */
  readonly ungrouped: readonly string[];
  /** What else is in the groups of the card and is no bridge; addresses there, sorted. */
  readonly companions: readonly string[];
  /** Bridges in the groups of the card, which need not be bound to pass it through; addresses there, sorted. */
  readonly bridges: readonly string[];
  /** How many devices elsewhere get other addresses. */
  readonly renumbered: number;
  /** Why the card's first function is in its group. */
  readonly reason: string;
}

/** Every place for a card, the best first; `best-slot.schema.json` of this package describes it. */
export interface BestSlotReport {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /** `Machine.name`, for people; `null`: the description has none. */
  readonly machine: string | null;
  /** The function that was asked about, as it is addressed now, its segment always written: `0000:01:00.0`. */
  readonly device: string;
  /**
   * The best first: by fewest functions without a group, companions, and bridges; then where it is now; then by fewest
   * renumbered.
   */
  readonly slots: readonly SlotReport[];
}

/** Virtual functions, and what is behind bridges of the card, go where it goes. */
const isOfCard = (device: Device, card: ReadonlySet<Device>): boolean => {
  if (!isPciDevice(device)) return false;
  for (let at: PciDevice | undefined = device; at; at = bridgeAbove(at))
    if (card.has(at) || (at.physicalFunction && card.has(at.physicalFunction))) return true;
  return false;
};

const isBridge = (device: Device): boolean => isPciDevice(device) && device.isBridge;

const namesOf = (devices: readonly Device[]): string[] => devices.map(({ name }) => name).sort();

const slotOf = (trial: Trial, port: string, card: readonly string[], change: string | null): SlotReport => {
  const { running, changed } = trial;
  const functions = card.flatMap((name) => deviceAfter(trial, name) ?? []);
  const own = new Set(functions);
  const groups = new Set(functions.flatMap((one) => running.iommu.groups.of(one) ?? []));
  const others = [...groups].flatMap(({ devices }) => devices).filter((one) => !isOfCard(one, own));
  return {
    port,
    change,
    functions: functions.map(({ name }) => name),
    ungrouped: namesOf(functions.filter((one) => !running.iommu.groups.of(one))),
    companions: namesOf(others.filter((one) => !isBridge(one))),
    bridges: namesOf(others.filter(isBridge)),
    renumbered: [...changed.addresses].filter(([was, now]) => was !== now && !card.includes(was)).length,
    reason: functions[0] ? reasonOf(running, functions[0].name) : '',
  };
};

/** Nothing else in its group is best, then bridges only, which need not be bound; then as little as possible. */
const rank = ({ ungrouped, companions, bridges, renumbered, change }: SlotReport): readonly number[] => [
  ungrouped.length,
  companions.length,
  bridges.length,
  change === null ? 0 : 1,
  renumbered,
];

const compare = (a: SlotReport, b: SlotReport): number => {
  const [one, other] = [rank(a), rank(b)];
  const at = one.findIndex((value, index) => value !== other[index]);
  if (at >= 0) return (one[at] ?? 0) - (other[at] ?? 0);
  return a.port < b.port ? -1 : 1;
};

/**
 * Try every place of the machine for a card.
 *
 * @param device - Any function of the card.
 * @throws IommuError `ERR_CHANGE` for what is no card: part of the board, or not on this machine.
 */
export const bestSlots = (trials: Trials, device: string): BestSlotReport => {
  const { machine } = trials;
  const name = spelled(device);
  const card = trials.cards.find(({ functions }) => functions.includes(name));
  if (!card) throw notACard(trials, name);
  const home = trials.base.running.topology.find(name)?.pciBus.self?.name;
  const moved = card.moves.flatMap((move) => {
    const trial = trials.of([move]);
    return trial ? [slotOf(trial, move.to, card.functions, formatChange(move))] : [];
  });
  const here = home === undefined ? [] : [slotOf(trials.base, home, card.functions, null)];
  return { schema: 1, machine: machine.name ?? null, device: name, slots: [...here, ...moved].sort(compare) };
};

const notACard = ({ base }: Trials, name: string): IommuError =>
  impossible(
    base.running.topology.find(name)
      ? `${name} is part of the board, or a virtual function; expected a card behind a port`
      : `no PCI function '${name}' on this machine; expected an address such as 0000:01:00.0`,
  );
