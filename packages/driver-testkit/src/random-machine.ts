import type { Machine, MachinePciFunction } from '@iommu/machine';
import { formatPciAddress, type PciAddress, type PcieTypeName, parsePciAddress } from '@iommu/pci';
import fc from 'fast-check';
import { type BaseFunction, baseFunctions, type Identity } from './base-functions.js';

/** What may be on a bus; `null` is conventional PCI, `bridge` a conventional one. */
type Kind = PcieTypeName | null | 'bridge';
type BusKind = 'root' | 'link' | 'switch' | 'pci';

/** The likelier more than once. */
const KINDS: Readonly<Record<BusKind, readonly Kind[]>> = {
  root: ['rc-endpoint', 'root-port', 'root-port', null, 'root-port', 'bridge', 'pcie-to-pci-bridge'],
  link: ['endpoint', 'endpoint', 'upstream-port', 'upstream-port', 'pcie-to-pci-bridge', 'legacy-endpoint'],
  switch: ['downstream-port'],
  pci: [null, null, 'bridge'],
};

const BEHIND: ReadonlyMap<Kind, BusKind> = new Map<Kind, BusKind>([
  ['root-port', 'link'],
  ['downstream-port', 'link'],
  ['upstream-port', 'switch'],
  ['pcie-to-pci-bridge', 'pci'],
  ['bridge', 'pci'],
]);

const MOST = 24;
const ALL_ACS = 'SV RR CR UF';
const SOME_ACS: readonly (string | null)[] = [null, ALL_ACS, ALL_ACS, 'SV RR', 'SV CR UF', ''];

type Draft = { -readonly [K in keyof MachinePciFunction]: MachinePciFunction[K] };

/** A card of nobody's; one whose DMA may also carry the requester id of its function 1, by the kernel's quirk table. */
const STRANGERS: readonly Identity[] = [
  { id: '1234:0001', class: '020000' },
  { id: '1b4b:9123', class: '010601' },
];

/** Draws hardware from a tape of choices; one that has ended, or holds zeros, gives the simplest. */
class Drawing {
  readonly functions: Draft[] = [];
  readonly #tape: Uint8Array;
  readonly #identities: readonly Identity[];
  readonly #segment: number;
  #at = 0;
  #lastBus: number;

  constructor(tape: Uint8Array, base: readonly BaseFunction[], { segment, rid }: PciAddress) {
    this.#tape = tape;
    this.#segment = segment;
    this.#identities = [...STRANGERS, ...base.flatMap(({ isBridge, identity }) => (isBridge ? [] : [identity]))];
    this.#lastBus = Math.max(rid >> 8, ...base.map(({ lastBus }) => lastBus));
  }

  choose(below: number): number {
    return (this.#tape[this.#at++] ?? 0) % below;
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[this.choose(list.length)] as T;
  }

  newBus(): number {
    return ++this.#lastBus;
  }

  /** @param taken - Slots that hold something already. */
  fill(kind: BusKind, bus: number, parent: string | null, taken: ReadonlySet<number>): void {
    const slots = kind === 'link' ? 1 : this.choose(kind === 'root' ? 5 : 4);
    let slot = 0;
    for (let n = 0; n < slots; n++, slot += 1 + this.choose(3)) {
      while (taken.has(slot)) slot++;
      const more = this.choose(4) === 3 ? 1 + this.choose(3) : 0;
      const first = this.#oneOf(KINDS[kind]);
      for (let fn = 0; fn <= more && slot < 32 && this.functions.length < MOST; fn++) {
        const own = fn > 0 && this.choose(4) === 3 ? this.#oneOf(KINDS[kind]) : first;
        this.#draw(own, (bus << 8) | (slot << 3) | fn, parent, more > 0);
      }
    }
  }

  #draw(kind: Kind, rid: number, parent: string | null, multifunction: boolean): void {
    const behind = BEHIND.get(kind);
    const flags = this.#oneOf(SOME_ACS);
    const control = flags === null ? null : this.#oneOf([flags, flags, ALL_ACS, '']);
    const draft: Draft = {
      address: formatPciAddress({ segment: this.#segment, rid }),
      parent,
      ...(behind ? { id: '1234:0002', class: '060400' } : this.#oneOf(this.#identities)),
      express: kind === 'bridge' ? null : kind,
      acs: flags === null ? null : { capability: flags, control: control ?? '' },
      headerType: behind ? 1 : 0,
      multifunction,
    };
    this.functions.push(draft);
    if (!behind || this.#lastBus >= 0xff) return;
    draft.secondaryBus = this.newBus();
    this.fill(behind, draft.secondaryBus, draft.address, new Set());
    draft.subordinateBus = this.#lastBus;
  }
}

/** Add hardware to a machine, and perhaps leave out what is behind its bridges. */
const grow = (base: Machine, functions: readonly BaseFunction[], tape: Uint8Array): Machine => {
  const first = functions[0] ?? parsePciAddress('0000:00:00.0');
  const root = first.rid >> 8;
  const drawing = new Drawing(
    tape,
    functions.filter(({ segment }) => segment === first.segment),
    first,
  );
  const isOnRoot = ({ described: { parent }, rid }: BaseFunction): boolean =>
    parent === null || (parent === undefined && rid >> 8 === root);
  const isBare = drawing.choose(2) === 1;
  const kept = isBare ? functions.filter((one) => !one.isBridge && isOnRoot(one)) : functions;
  const taken = new Set(kept.flatMap(({ rid }) => (rid >> 8 === root ? [(rid >> 3) & 0x1f] : [])));
  drawing.fill('root', root, null, taken);
  const { order: _order, ...pci } = base.pci ?? { functions: [] };
  const all = [...kept.map(({ described }) => described), ...drawing.functions];
  return { ...base, pci: { ...pci, acsRead: 'after-boot', functions: all } };
};

const printed = (machine: Machine): Machine => {
  const { pci, firmware, kernel, devices } = machine;
  const text = (): string =>
    [
      `kernel ${JSON.stringify(kernel ?? {})}, firmware ${firmware ? 'as given' : 'supposed'}, ${devices?.length ?? 0} other devices`,
      ...(pci?.functions ?? []).map((one) => JSON.stringify({ ...one, config: undefined })),
    ].join('\n  ');
  return Object.defineProperty(machine, fc.toStringMethod, { value: text, enumerable: false });
};

/** Machines that grow from given ones: the same firmware, other hardware. */
export const randomMachine = (bases: readonly Machine[]): fc.Arbitrary<Machine> => {
  const read = bases.map((base) => ({ base, functions: baseFunctions(base) }));
  return fc
    .tuple(fc.nat({ max: Math.max(0, bases.length - 1) }), fc.uint8Array({ maxLength: 300, size: 'max' }))
    .map(([at, tape]) => {
      const { base = { schema: 1 }, functions = [] } = read[at] ?? {};
      return printed(grow(base, functions, tape));
    });
};

/** A generator of choices for what is done with a machine. */
export type Choose = (below: number) => number;

/** @see https://en.wikipedia.org/wiki/Linear_congruential_generator (the constants of Numerical Recipes) */
export const chooser = (seed: number): Choose => {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};
