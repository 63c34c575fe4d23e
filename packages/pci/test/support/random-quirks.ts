import type { Kind } from './random-kinds.js';

/** A device of the kernel's tables, with what the tables say of it in the words of RULES, not of the code under test. */
export interface Quirk {
  readonly id?: string;
  readonly subsystem?: string;
  /** Whether it isolates; a function of whether the kernel switched ACS on. Absent: its kind and flags decide. */
  readonly isolates?: (acsRequested: boolean) => boolean;
  /** Numbers on its own bus that its DMA may carry, from its own number. */
  readonly aliases?: (devfn: number) => readonly number[];
}

const yes = () => true;
const no = () => false;
const otherFunction = (fn: number) => (devfn: number) => ((devfn & 7) === fn ? [] : [(devfn & ~7) | fn]);
const ALL = Array.from({ length: 256 }, (_, devfn) => devfn);

const FUNCTIONS: readonly Quirk[] = [
  { id: '8086:10c9', isolates: yes },
  { id: '1d17:3104', isolates: yes },
  { id: '8088:0100', isolates: yes },
  { id: '8088:0200', isolates: no },
  { id: '1180:e832', aliases: otherFunction(0) },
  { id: '1b4b:9230', aliases: otherFunction(1) },
  { id: '8086:2260', aliases: () => [0x80, 0x88, 0x93] },
  { id: '8086:2954', aliases: () => ALL.filter((devfn) => (devfn & 7) < 5) },
  { id: '10b5:87b0', aliases: () => ALL },
  { id: '9005:0285', subsystem: '9005:02bb', aliases: () => [0x08] },
  { id: '9005:0285' },
  { id: '11f8:8531' },
];

const PORTS: readonly Quirk[] = [
  { id: '17cb:0400', isolates: yes },
  { id: '1957:8d80', isolates: yes },
  { id: '1d17:0710', isolates: yes },
  { id: '1d17:0722', isolates: no },
];

const BY_KIND: Readonly<Partial<Record<Kind, readonly Quirk[]>>> = {
  'root-port': [
    ...PORTS,
    { id: '8086:9c90', isolates: (acsRequested) => acsRequested },
    { id: '177d:a000', isolates: yes },
    { id: '1c36:0031', isolates: yes },
    { id: '14e4:9084' }, // ends the walk over ids
  ],
  'downstream-port': PORTS,
  'upstream-port': [{ id: '1d17:0722' }, { id: '8088:0200', isolates: no }],
  'pcie-to-pci-bridge': [{ id: '1a03:1150' }, { id: '1b4b:9230', aliases: otherFunction(1) }],
  'pci-to-pcie-bridge': [],
  // Whatever is Intel's and integrated isolates.
  'rc-endpoint': [...FUNCTIONS, { id: '8086:a0ed' }].map((quirk) =>
    quirk.id?.startsWith('8086:') ? { ...quirk, isolates: yes } : quirk,
  ),
};

const CONVENTIONAL_BRIDGES: readonly Quirk[] = [{ id: '1b21:1080' }, { id: '8086:244e' }];

/** The quirks that a function of this kind may have. */
export const quirksFor = (kind: Kind, isBridge: boolean): readonly Quirk[] => {
  if (kind === 'conventional') return isBridge ? CONVENTIONAL_BRIDGES : FUNCTIONS;
  return BY_KIND[kind] ?? FUNCTIONS;
};
