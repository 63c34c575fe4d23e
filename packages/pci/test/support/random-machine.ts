import fc from 'fast-check';
import { PcieType, type PciFunction } from '../../src/index.js';
import { configBytes, expressCapability } from './config-space.js';
import { BEHIND, BRIDGES, type BusKind, KINDS, type Kind } from './random-kinds.js';
import { type Quirk, quirksFor } from './random-quirks.js';
import type { SettingsSketch } from './topology.js';

/** A function as it was meant; what its description makes of it is for the code under test. */
export interface Meant {
  readonly name: string;
  readonly segment: number;
  readonly bus: number;
  readonly devfn: number;
  /** In truth: the description may say otherwise where the kernel corrects it. */
  readonly kind: Kind;
  /** As the kernel counts it at boot. */
  readonly multifunction: boolean;
  /** Bits of the ACS registers; `null` no capability; `unread`. */
  readonly acs: { readonly capability: number; readonly control: number } | null | 'unread';
  readonly quirk: Quirk;
  /** Numbers on its own bus that its DMA may carry too, by a quirk or by firmware. */
  readonly aliases: readonly number[];
  /** The bridge above; of a virtual function, that above the physical one. */
  readonly above: Meant | undefined;
  /** The endpoint that hosts its segment. */
  readonly host: Meant | undefined;
  readonly description: PciFunction;
}

export interface RandomMachine {
  readonly functions: readonly Meant[];
  readonly settings: SettingsSketch;
  /** By address. */
  readonly firmwareAliases: ReadonlyMap<string, readonly number[]>;
  /** How fast-check prints it. */
  readonly [fc.toStringMethod]: () => string;
}

const FLAG_NAMES = ['SV', 'TB', 'RR', 'CR', 'UF', 'EC', 'DT'];
const flags = (bits: number): string => FLAG_NAMES.filter((_, bit) => bits & (1 << bit)).join(' ');

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

const MOST_FUNCTIONS = 40;

/** Builds a machine from a tape of choices: an empty tape, or one of zeros, gives the simplest. */
class Builder {
  readonly functions: Meant[] = [];
  readonly firmwareAliases = new Map<string, readonly number[]>();
  readonly #tape: Uint8Array;
  #at = 0;
  #nextBus = 0;

  constructor(tape: Uint8Array) {
    this.#tape = tape;
  }

  choose(below: number): number {
    return (this.#tape[this.#at++] ?? 0) % below;
  }

  oneIn(chances: number): boolean {
    return this.choose(chances) === chances - 1;
  }

  rootBus(segment: number, number: number, host?: Meant): void {
    this.#nextBus = number + 1;
    this.#fill('root', segment, number, undefined, host);
  }

  #fill(busKind: BusKind, segment: number, bus: number, above: Meant | undefined, host: Meant | undefined): void {
    const slots = busKind === 'link' ? 1 : 1 + this.choose(4);
    let slot = 0;
    for (let n = 0; n < slots && this.functions.length < MOST_FUNCTIONS; n++, slot += 1 + this.choose(3)) {
      const kind = this.#pick(KINDS[busKind]);
      const more = this.oneIn(3) ? 1 + this.choose(3) : 0;
      for (let fn = 0; fn <= more; fn++) {
        // Functions of a slot are alike, more often than not.
        const own = fn === 0 || !this.oneIn(4) ? kind : this.#pick(KINDS[busKind]);
        this.#function({ kind: own, segment, bus, devfn: (slot << 3) | fn, above, host, siblings: more > 0 });
      }
    }
    // Functions that only alternative routing ids make possible: each counts as one of several.
    if (busKind === 'link' && this.oneIn(5)) {
      this.#function({ kind: 'endpoint', segment, bus, devfn: 0x40 | this.choose(4), above, host, ari: true });
    }
  }

  #pick(kinds: readonly (Kind | 'bridge')[]): Kind | 'bridge' {
    return kinds[this.choose(kinds.length)] as Kind | 'bridge';
  }

  #acs(): Meant['acs'] {
    switch (this.choose(6)) {
      case 0:
        return null;
      case 1:
      case 2:
        return { capability: 0x1d, control: 0x1d };
      case 3:
        return { capability: this.choose(128), control: this.choose(128) };
      case 4:
        return { capability: this.choose(2) * 0x7f, control: 0 };
      default:
        return this.oneIn(2) ? 'unread' : { capability: 0x5f, control: 0x1d };
    }
  }

  #function(place: {
    readonly kind: Kind | 'bridge';
    readonly segment: number;
    readonly bus: number;
    readonly devfn: number;
    readonly above: Meant | undefined;
    readonly host: Meant | undefined;
    readonly siblings?: boolean;
    readonly ari?: boolean;
  }): void {
    const { segment, bus, devfn, above, host, siblings = false, ari = false } = place;
    const isBridge = place.kind === 'bridge' || BRIDGES.includes(place.kind);
    const kind = place.kind === 'bridge' ? 'conventional' : place.kind;
    const quirks = quirksFor(kind, isBridge);
    const quirk: Quirk = this.oneIn(4) ? (quirks[this.choose(quirks.length)] ?? {}) : {};
    const first = (devfn & 7) === 0 && !ari;
    // Function 0 of several has its bit set: without it the kernel would not look for the others.
    const bit = first ? siblings || this.oneIn(4) : this.oneIn(2);
    const address = `${hex(segment, 4)}:${hex(bus, 2)}:${hex(devfn >> 3, 2)}.${devfn & 7}`;
    const stated = this.#firmwareAlias(address);
    const acs = this.#acs();
    const description: { -readonly [K in keyof PciFunction]: PciFunction[K] } = {
      address,
      id: quirk.id ?? '1234:0001',
      class: isBridge ? '060400' : '020000',
      headerType: isBridge ? 1 : 0,
      multifunction: bit,
    };
    if (quirk.subsystem) description.subsystem = quirk.subsystem;
    if (host && !above) description.segmentHost = host.name;
    this.#describeKind(description, kind, above);
    if (acs === null) description.acs = null;
    else if (acs !== 'unread') description.acs = { capability: flags(acs.capability), control: flags(acs.control) };
    const meant: Meant = {
      name: address,
      segment,
      bus,
      devfn,
      kind,
      multifunction: first ? bit : true,
      acs,
      quirk,
      aliases: [...(quirk.aliases?.(devfn) ?? []), ...stated],
      above,
      host,
      description,
    };
    this.functions.push(meant);
    if (isBridge) this.#behind(meant, description);
    else if (kind === 'endpoint' && this.oneIn(6)) this.#virtualFunctions(meant);
  }

  /** Says what kind it is: in a word, in bytes, or with the word that the kernel corrects. */
  #describeKind(
    description: { express?: PciFunction['express']; config?: Uint8Array },
    kind: Kind,
    above?: Meant,
  ): void {
    if (kind === 'conventional') description.express = null;
    else if (this.oneIn(8)) {
      description.config = configBytes({ capabilities: [expressCapability(PcieType[kind])], length: 256 });
    } else if (above && kind === 'upstream-port' && this.oneIn(5)) description.express = 'downstream-port';
    else if (above?.kind === 'upstream-port' && kind === 'downstream-port' && this.oneIn(5))
      description.express = 'upstream-port';
    else description.express = kind;
  }

  #firmwareAlias(address: string): readonly number[] {
    if (!this.oneIn(12)) return [];
    const aliases = [(this.choose(5) << 3) | this.choose(3)];
    this.firmwareAliases.set(address, aliases);
    return aliases;
  }

  #behind(bridge: Meant, description: { secondaryBus?: number; subordinateBus?: number }): void {
    const secondary = this.#nextBus++;
    description.secondaryBus = secondary;
    if (this.functions.length < MOST_FUNCTIONS) {
      this.#fill(BEHIND[bridge.kind] ?? 'pci', bridge.segment, secondary, bridge, bridge.host);
    }
    description.subordinateBus = this.#nextBus - 1;
  }

  /** Some on the bus of the physical function, some on a bus of their own. */
  #virtualFunctions(physical: Meant): void {
    const { segment, above, host } = physical;
    const own = this.oneIn(2);
    const bus = own ? this.#nextBus++ : physical.bus;
    for (let n = 0; n <= this.choose(3); n++) {
      const devfn = 0x80 + n;
      if (!own && this.functions.some((other) => other.bus === bus && other.devfn === devfn)) continue;
      const address = `${hex(segment, 4)}:${hex(bus, 2)}:${hex(devfn >> 3, 2)}.${devfn & 7}`;
      this.functions.push({
        name: address,
        segment,
        bus,
        devfn,
        kind: 'endpoint',
        multifunction: false,
        acs: null,
        quirk: {},
        aliases: [],
        above,
        host,
        description: { address, express: 'endpoint', acs: null, physicalFunction: physical.name, multifunction: true },
      });
    }
  }
}

const build = (tape: Uint8Array): RandomMachine => {
  const builder = new Builder(tape);
  const settings: SettingsSketch = {
    unknown: builder.oneIn(2) ? 'optimistic' : 'pessimistic',
    acsRead: builder.oneIn(2) ? 'before-boot' : 'after-boot',
    acsRequested: !builder.oneIn(4),
  };
  builder.rootBus(0, 0);
  if (builder.oneIn(3)) builder.rootBus(0, 0x80);
  if (builder.oneIn(4)) builder.rootBus(1, 0);
  const endpoints = builder.functions.filter(({ kind, segment }) => kind.endsWith('endpoint') && segment === 0);
  const host = endpoints[builder.choose(endpoints.length || 1)];
  if (host && builder.oneIn(3)) builder.rootBus(0x10000, 0x40, host);
  const { functions, firmwareAliases } = builder;
  const text = () =>
    [settings, [...firmwareAliases], ...functions.map(({ description }) => description)]
      .map((part) => JSON.stringify(part))
      .join('\n');
  return { functions, settings, firmwareAliases, [fc.toStringMethod]: text };
};

/** Machines of up to some forty functions, with everything that makes functions share groups. */
export const randomMachine = (): fc.Arbitrary<RandomMachine> =>
  fc.uint8Array({ minLength: 0, maxLength: 700, size: 'max' }).map(build);
