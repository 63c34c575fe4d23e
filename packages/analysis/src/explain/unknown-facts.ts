import type { UnknownFact } from './explain-report.js';

const AS_ROOT = 'read as root: sudo lspci -vvvnn, or sudo iommu capture';

/** How to get what the input does not hold, by the first words of a fact. */
const CAPTURES: readonly (readonly [start: string, capture: string])[] = [
  ['ACS ', AS_ROOT],
  ['capability list of', AS_ROOT],
  ['device id of', 'read with ids: sudo lspci -vvvnn, or sudo iommu capture'],
  ['bridge above', 'read with the bus numbers of bridges: sudo lspci -vvvnn, or sudo iommu capture'],
  ['DMA aliases of', 'nothing does: the device keeps them in its own memory'],
];

export const unknownFacts = (facts: Iterable<string>): UnknownFact[] =>
  [...new Set(facts)].map((fact) => ({
    fact,
    capture: CAPTURES.find(([start]) => fact.startsWith(start))?.[1] ?? 'sudo iommu capture',
  }));
