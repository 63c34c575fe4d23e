import type { Machine, MachinePciFunction } from '@iommu/machine';
import { formatPciAddress, type PciAddress, type PcieTypeName, parsePciAddress } from '@iommu/pci';
import fc from 'fast-check';

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

/** What stands for a device's identity in the drawing. */
type Identity = Pick<MachinePciFunction, 'id' | 'class'>;

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

  constructor(tape: Uint8Array, base: readonly MachinePciFunction[], { segment, rid }: PciAddress) {
    this.#tape = tape;
    this.#segment = segment;
    const cards = base.filter(({ headerType, physicalFunction }) => headerType !== 1 && physicalFunction === undefined);
    this.#identities = [
      ...STRANGERS,
      ...cards.map(({ id, class: code }) => ({ ...(id && { id }), ...(code && { class: code }) })),
    ];
    this.#lastBus = Math.max(
      rid >> 8,
      ...base.map(({ address, subordinateBus }) => Math.max(busOf(address), subordinateBus ?? 0)),
    );
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

const busOf = (address: string): number => parsePciAddress(address).rid >> 8;
const slotOf = (address: string): number => (parsePciAddress(address).rid >> 3) & 0x1f;
const isOnRoot = ({ parent }: MachinePciFunction, root: number, address: string): boolean =>
  parent === null || (parent === undefined && busOf(address) === root);

/** Add hardware to a machine, and perhaps leave out what is behind its bridges. */
const grow = (base: Machine, tape: Uint8Array): Machine => {
  const all = (base.pci?.functions ?? []).filter(({ physicalFunction }) => physicalFunction === undefined);
  const first = parsePciAddress(all[0]?.address ?? '0000:00:00.0');
  const root = first.rid >> 8;
  const inSegment = all.filter(({ address }) => parsePciAddress(address).segment === first.segment);
  const drawing = new Drawing(tape, inSegment, first);
  const isBare = drawing.choose(2) === 1;
  const kept = isBare ? all.filter((one) => one.headerType !== 1 && isOnRoot(one, root, one.address)) : all;
  const taken = new Set(kept.filter(({ address }) => busOf(address) === root).map(({ address }) => slotOf(address)));
  drawing.fill('root', root, null, taken);
  const { order: _order, ...pci } = base.pci ?? { functions: [] };
  return { ...base, pci: { ...pci, acsRead: 'after-boot', functions: [...kept, ...drawing.functions] } };
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
export const randomMachine = (bases: readonly Machine[]): fc.Arbitrary<Machine> =>
  fc
    .tuple(fc.nat({ max: Math.max(0, bases.length - 1) }), fc.uint8Array({ maxLength: 300, size: 'max' }))
    .map(([at, tape]) => printed(grow(bases[at] ?? { schema: 1 }, tape)));

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
