import { isIommuError } from '@iommu/core';
import { functionOf, PcieType, slotOf, tryParsePciAddress } from '@iommu/pci';
import type { AddChange, MoveChange, ReaddressChange, RemoveChange, SwapChange } from './change.js';
import { impossible, undecided } from './change.js';
import { withMultifunction } from './config-bytes.js';
import { type BusNode, type FunctionNode, functionsBelow, type PciTree, spelled } from './pci-tree.js';

/** The functions of one slot, which are one piece of hardware. */
export interface Plugged {
  readonly bus: BusNode;
  readonly functions: readonly FunctionNode[];
}

/** Links of PCI Express, each with one place for one device. */
const LINKS: readonly (number | null | undefined)[] = [
  PcieType['root-port'],
  PcieType['downstream-port'],
  PcieType['pci-to-pcie-bridge'],
];

/** @throws IommuError `ERR_CHANGE` when there is none. */
export const functionAt = ({ functions }: PciTree, address: string): FunctionNode => {
  const node = functions.get(spelled(address));
  if (node) return node;
  for (const { virtual, was } of functions.values())
    if (virtual.some((one) => one.was === spelled(address)))
      throw impossible(`${spelled(address)} is a virtual function, and goes with its physical function, ${was}`);
  const hint = tryParsePciAddress(address) ? '' : '; expected an address such as 0000:01:00.0';
  throw impossible(`no PCI function '${address}' on this machine${hint}`);
};

const nameOf = ({ was }: FunctionNode): string => was ?? 'what was put in';

/** All that comes out when one pulls at a function: on a link the whole bus, else the slot. */
export const cardOf = (node: FunctionNode): Plugged => {
  const { on } = node;
  const whole = on.self && LINKS.includes(on.self.express);
  const functions = on.functions.filter((one) => whole || slotOf(one.devfn) === slotOf(node.devfn));
  return { bus: on, functions };
};

/** Something that can be pulled out: not part of the board. @throws IommuError `ERR_CHANGE` */
const pluggedIn = (node: FunctionNode): Plugged => {
  if (!node.on.self && !node.on.isLoose)
    throw impossible(`${nameOf(node)} is on a root bus, so part of the board; expected a card behind a port`);
  if (node.on.self?.express === PcieType['upstream-port'])
    throw impossible(`${nameOf(node)} is a port of the switch ${nameOf(node.on.self)}; expected the switch itself`);
  return cardOf(node);
};

/** Whether a bridge leads to a bus that takes cards, and of which kind. */
const socketOf = (bridge: FunctionNode): { readonly bus: BusNode; readonly isLink: boolean } => {
  const { behind, express } = bridge;
  if (!behind) {
    if (bridge.isBridge) throw undecided(`the input does not say which bus is behind ${nameOf(bridge)}`);
    throw impossible(`${nameOf(bridge)} is no port; expected a bridge behind which there is a place`);
  }
  if (express === PcieType['upstream-port'])
    throw impossible(`behind ${nameOf(bridge)} are the ports of its switch; expected one of them`);
  return { bus: behind, isLink: LINKS.includes(express) };
};

/** A card fits where it is now, whatever it shows; `undefined`: nothing tells whether it is one of PCI Express. */
const isExpressCard = ({ bus, functions }: Plugged): boolean | undefined => {
  if (bus.self && LINKS.includes(bus.self.express)) return true;
  const express = functions[0]?.express;
  return express === undefined ? undefined : express !== null;
};

/** @throws IommuError `ERR_CHANGE` when a card is of another kind than a socket. */
const checkFit = (card: Plugged, bridge: FunctionNode, isLink: boolean): void => {
  const isExpress = isExpressCard(card);
  const [first] = card.functions;
  if (!first || isExpress === undefined || bridge.express === undefined || isExpress === isLink) return;
  const kind = (express: boolean) => (express ? 'PCI Express' : 'conventional PCI');
  throw impossible(`${nameOf(first)} is ${kind(isExpress)}, and ${nameOf(bridge)} leads to ${kind(isLink)}`);
};

const freeSlot = (bus: BusNode, wanted: number): number => {
  const taken = new Set(bus.functions.map(({ devfn }) => slotOf(devfn)));
  if (!taken.has(wanted)) return wanted;
  for (let slot = 0; slot < 32; slot++) if (!taken.has(slot)) return slot;
  throw impossible(`there is no free slot behind ${bus.self ? nameOf(bus.self) : 'the root bus'}`);
};

/** Set the header of a slot's first function by how many there are, as a card or a chipset would. */
const settleSlot = (bus: BusNode, slot: number): void => {
  const inSlot = bus.functions.filter(({ devfn }) => slotOf(devfn) === slot);
  const first = inSlot.find(({ devfn }) => functionOf(devfn) === 0);
  if (first) first.description = withMultifunction(first.description, inSlot.length > 1);
};

const sortBus = (bus: BusNode): void => void bus.functions.sort((a, b) => a.devfn - b.devfn);

const take = ({ bus, functions }: Plugged): void => {
  bus.functions = bus.functions.filter((one) => !functions.includes(one));
};

/** Put functions of one slot into another; what is reachable from outside is so by its place. */
const put = (functions: readonly FunctionNode[], bus: BusNode, slot: number): void => {
  const outside = bus.self?.description.untrusted;
  // With ARI one device has function numbers beyond those of a slot.
  const isSpread = new Set(functions.map(({ devfn }) => slotOf(devfn))).size > 1;
  for (const one of functions) {
    one.on = bus;
    if (!isSpread) one.devfn = (slot << 3) | functionOf(one.devfn);
    for (const each of [one, ...(one.behind ? functionsBelow(one.behind) : [])]) {
      const { untrusted, ...description } = each.description;
      if (untrusted !== outside)
        each.description = outside === undefined ? description : { ...description, untrusted: outside };
    }
    bus.functions.push(one);
  }
  sortBus(bus);
};

const isBelow = (node: FunctionNode, card: readonly FunctionNode[]): boolean =>
  card.some((one) => one === node || (one.behind !== undefined && functionsBelow(one.behind).includes(node)));

/** Where a card would go behind a bridge. @throws IommuError `ERR_CHANGE`, `ERR_CHANGE_UNKNOWN` when it cannot. */
const placeFor = (card: Plugged, bridge: FunctionNode): { readonly bus: BusNode; readonly slot: number } => {
  if (isBelow(bridge, card.functions))
    throw impossible(`${nameOf(bridge)} is part of the card that is to go behind it`);
  const { bus, isLink } = socketOf(bridge);
  checkFit(card, bridge, isLink);
  const [occupant] = bus.functions;
  if (isLink && occupant)
    throw impossible(`${nameOf(occupant)} is behind ${nameOf(bridge)} already; expected a port with an empty slot`);
  return { bus, slot: isLink ? 0 : freeSlot(bus, slotOf(card.functions[0]?.devfn ?? 0)) };
};

const plugIn = (card: Plugged, bridge: FunctionNode): void => {
  const { bus, slot } = placeFor(card, bridge);
  take(card);
  put(card.functions, bus, slot);
};

/** The bridges behind which the card with a function could go. */
export const placesFor = (tree: PciTree, device: string): string[] => {
  const card = pluggedIn(functionAt(tree, device));
  return [...tree.functions].flatMap(([address, bridge]) => {
    if (bridge === card.bus.self) return [];
    try {
      placeFor(card, bridge);
      return [address];
    } catch (error) {
      if (isIommuError(error, 'ERR_CHANGE') || isIommuError(error, 'ERR_CHANGE_UNKNOWN')) return [];
      throw error;
    }
  });
};

export const move = (tree: PciTree, { device, to }: MoveChange): void => {
  plugIn(pluggedIn(functionAt(tree, device)), functionAt(tree, to));
};

export const swap = (tree: PciTree, change: SwapChange): void => {
  const [a, b] = [functionAt(tree, change.device), functionAt(tree, change.with)];
  const [one, other] = [pluggedIn(a), pluggedIn(b)];
  if (one.functions.includes(b)) throw impossible(`${nameOf(a)} and ${nameOf(b)} are on one card`);
  for (const [card, inside] of [
    [one, b],
    [other, a],
  ] as const)
    if (isBelow(inside, card.functions)) throw impossible(`${nameOf(inside)} is behind the other`);
  for (const [card, place] of [
    [one, other],
    [other, one],
  ] as const)
    if (place.bus.self) checkFit(card, place.bus.self, socketOf(place.bus.self).isLink);
  const slots = [slotOf(a.devfn), slotOf(b.devfn)] as const;
  take(one);
  take(other);
  put(one.functions, other.bus, slots[1]);
  put(other.functions, one.bus, slots[0]);
};

export const readdress = (tree: PciTree, { device, to }: ReaddressChange): void => {
  const node = functionAt(tree, device);
  const place = tryParsePciAddress(to);
  const { on } = node;
  if (!place) throw impossible(`'${to}' is no PCI address; expected DDDD:BB:DD.F`);
  if (place.segment !== on.segment || place.rid >> 8 !== on.was)
    throw impossible(`${spelled(to)} is on another bus than ${nameOf(node)}; expected a place on its own`);
  const devfn = place.rid & 0xff;
  const taken = tree.functions.get(spelled(to));
  if (taken) throw impossible(`${nameOf(taken)} is there already; expected a free place`);
  const others = on.functions.filter((one) => one !== node);
  const isReached = (wanted: number): boolean =>
    functionOf(wanted) === 0 || others.some((one) => one.devfn === (wanted & ~7));
  const [lost] = [...others.map((one) => one.devfn), devfn].filter((one) => !isReached(one));
  if (lost !== undefined)
    throw impossible(`device ${slotOf(lost)} would have no function 0, and then no kernel finds its others`);
  const old = slotOf(node.devfn);
  node.devfn = devfn;
  sortBus(on);
  settleSlot(on, old);
  settleSlot(on, slotOf(devfn));
};

/** @param card - What `drawnFunctions()` makes of a drawing. */
export const add = (tree: PciTree, { to }: AddChange, card: readonly FunctionNode[]): void => {
  const bridge = functionAt(tree, to);
  const slots = new Map<number, FunctionNode[]>();
  for (const one of card) slots.set(slotOf(one.devfn), [...(slots.get(slotOf(one.devfn)) ?? []), one]);
  for (const functions of slots.values()) {
    const [first] = functions;
    if (first) plugIn({ bus: first.on, functions }, bridge);
  }
};

export const remove = (tree: PciTree, { device }: RemoveChange): void => {
  const node = functionAt(tree, device);
  const { on, devfn } = node;
  const functions =
    functionOf(devfn) === 0 ? cardOf(node).functions.filter((one) => slotOf(one.devfn) === slotOf(devfn)) : [node];
  take({ bus: on, functions });
  settleSlot(on, slotOf(devfn));
  const gone = new Set(
    functions.flatMap((one) => [one, ...(one.behind ? functionsBelow(one.behind) : [])]).map(({ was }) => was),
  );
  for (const root of tree.roots)
    root.functions = root.functions.filter(
      ({ description: { segmentHost } }) => segmentHost === undefined || !gone.has(spelled(segmentHost)),
    );
};
