import type { Kernel } from '@iommu/core';
import { functionOf } from '../address.js';
import type { PciFacts } from '../pci-facts.js';
import { type AliasQuirkName, DMA_ALIAS_QUIRKS } from './dma-alias-rows.js';

const NONE: readonly number[] = [];

/** Every function number of a bus. */
const WHOLE_BUS: readonly number[] = Array.from({ length: 256 }, (_, devfn) => devfn);

/** Functions 0 to 4 of every slot. */
const VCA: readonly number[] = WHOLE_BUS.filter((devfn) => functionOf(devfn) < 5);

const sameSlot = (rid: number, fn: number): readonly number[] => (functionOf(rid) === fn ? NONE : [(rid & 0xf8) | fn]);

/** @see Linux v7.0 drivers/pci/quirks.c, the functions of the same names */
const ALIASES: Readonly<Record<AliasQuirkName, (rid: number) => readonly number[]>> = {
  quirk_dma_func0_alias: (rid) => sameSlot(rid, 0),
  quirk_dma_func1_alias: (rid) => sameSlot(rid, 1),
  quirk_mic_x200_dma_alias: () => [0x10 << 3, 0x11 << 3, (0x12 << 3) | 3],
  quirk_pex_vca_alias: () => VCA,
  quirk_plx_ntb_dma_alias: () => WHOLE_BUS,
  quirk_fixed_dma_alias: () => [1 << 3],
  // The switch keeps its table of requester ids in device memory, which no dump holds.
  quirk_switchtec_ntb_dma_alias: () => NONE,
};

const byId = new Map<number, (typeof DMA_ALIAS_QUIRKS)[number][]>();
for (const row of DMA_ALIAS_QUIRKS) {
  const id = row[0] * 0x10000 + row[1];
  const rows = byId.get(id);
  if (rows) rows.push(row);
  else byId.set(id, [row]);
}

/** The quirk rows that apply to a function. */
const rowsOf = (facts: PciFacts, kernel: Kernel) =>
  facts.vendor === undefined || facts.device === undefined
    ? []
    : (byId.get(facts.vendor * 0x10000 + facts.device) ?? []).filter(
        ([, , , since, , subsystem]) =>
          kernel.has(since) &&
          (!subsystem || (subsystem[0] === facts.subsystemVendor && subsystem[1] === facts.subsystemDevice)),
      );

/** Function numbers on its own bus that quirks add to a function's DMA aliases, ascending. */
export const quirkAliases = (facts: PciFacts, rid: number, kernel: Kernel): readonly number[] => {
  const rows = rowsOf(facts, kernel);
  if (rows.length === 0) return NONE;
  const found = new Set(rows.flatMap(([, , name]) => ALIASES[name](rid)));
  return [...found].sort((a, b) => a - b);
};

/** Whether a function's aliases are in its own memory, where no dump shows them. */
export const hasHiddenAliases = (facts: PciFacts, kernel: Kernel): boolean =>
  facts.classCode !== undefined &&
  facts.classCode >>> 8 === 0x0680 &&
  rowsOf(facts, kernel).some(([, , name]) => name === 'quirk_switchtec_ntb_dma_alias');
