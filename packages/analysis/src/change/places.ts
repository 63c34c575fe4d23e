import { isIommuError } from '@iommu/core';
import type { Machine } from '@iommu/machine';
import type { MoveChange } from './change.js';
import { cardOf, placesFor } from './edit-tree.js';
import { topologyOf, treeOf } from './pci-tree.js';

/** A card of a machine: what comes out as one. */
export interface PluggedCard {
  /** In the order of their numbers. */
  readonly functions: readonly string[];
  /** Every place where it could go instead. */
  readonly moves: readonly MoveChange[];
}

/** Every card of a machine that is not part of the board. */
export const cardsOf = (machine: Machine): PluggedCard[] => {
  const tree = treeOf(machine, topologyOf(machine));
  const seen = new Set<string>();
  const cards: PluggedCard[] = [];
  for (const [device, node] of tree.functions) {
    if (seen.has(device)) continue;
    const functions = cardOf(node).functions.flatMap(({ was }) => was ?? []);
    for (const one of functions) seen.add(one);
    const places = placesOrNone(() => placesFor(tree, device));
    if (places) cards.push({ functions, moves: places.map((to) => ({ kind: 'move', device, to })) });
  }
  return cards;
};

/** `undefined` for what is part of the board. */
const placesOrNone = (places: () => string[]): string[] | undefined => {
  try {
    return places();
  } catch (error) {
    if (isIommuError(error, 'ERR_CHANGE')) return undefined;
    throw error;
  }
};
