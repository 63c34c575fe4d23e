import type { WhatIfGroup, WhatIfGroups, WhatIfRelabelled } from '@iommu/analysis';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import { addressText, type DeviceStyle, deviceText } from './device-text.js';
import { type Page, wrapped } from './layout.js';

/** A machine before and after, for the names of devices. */
export interface BothSides {
  readonly before: RunningMachine;
  readonly after: RunningMachine;
}

/** A device that both sides have. */
interface Pair {
  readonly before: string;
  readonly after: string;
}

const COLOURS = {
  split: 'green',
  shrunk: 'green',
  gained: 'green',
  merged: 'red',
  grown: 'red',
  lost: 'red',
  regrouped: 'yellow',
} as const;

/** Writes what became of groups from one side to another. */
export class GroupChangesText {
  readonly #lines: string[] = [];
  readonly #page: Page;
  readonly #style: DeviceStyle;
  readonly #sides: BothSides;
  readonly #was: ReadonlyMap<string, string>;

  /** @param moved - Devices that have another address. */
  constructor(page: Page, style: DeviceStyle, sides: BothSides, moved: readonly Pair[]) {
    this.#page = page;
    this.#style = style;
    this.#sides = sides;
    this.#was = new Map(moved.map(({ before, after }) => [after, before]));
  }

  /** Every line ends with a newline. */
  toString(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  heading(text: string): void {
    if (this.#lines.length > 0) this.#lines.push('');
    this.row('', this.#page.paint('bold', text));
  }

  row(lead: string, text: string): void {
    this.#lines.push(...wrapped(this.#page, lead, text));
  }

  name(device: string): string {
    return addressText(device, this.#style);
  }

  #describe(side: keyof BothSides, name: string): string {
    const device = this.#sides[side].find(name);
    return device && isPciDevice(device) ? deviceText(device, this.#style) : '';
  }

  /** A heading, and below it devices of one side by name; nothing where there are none. */
  devices(heading: string, side: keyof BothSides, names: readonly string[]): void {
    if (names.length > 0) this.heading(heading);
    for (const name of names) this.row(`  ${this.name(name)}  `, this.#describe(side, name));
  }

  /** As {@link devices}, of devices that have another name on the other side. */
  pairs(heading: string, pairs: readonly Pair[]): void {
    if (pairs.length > 0) this.heading(heading);
    for (const { before, after } of pairs)
      this.row(`  ${this.name(before)} -> ${this.name(after)}  `, this.#describe('after', after));
  }

  /** With the address before, where it is another. */
  now(device: string): string {
    const was = this.#was.get(device);
    return was === undefined ? this.name(device) : `${this.name(device)} (was ${this.name(was)})`;
  }

  #groups(lead: string, groups: readonly WhatIfGroup[], name: (device: string) => string): void {
    if (groups.length === 0) this.row(`  ${lead}`, 'no group');
    for (const [at, { id, devices }] of groups.entries()) {
      const label = `${at === 0 ? lead : ' '.repeat(lead.length)}${String(id ?? '?').padStart(3)}  `;
      this.row(`  ${label}`, devices.map(name).join(' '));
    }
  }

  /** @param because - What brought it about, where that is known. */
  changed({ change, before, after, reasons }: WhatIfGroups, because: readonly string[] = []): void {
    this.heading(`Groups: ${this.#page.paint(COLOURS[change], change)}`);
    this.#groups('before ', before, (name) => this.name(name));
    this.#groups('after  ', after, (name) => this.now(name));
    for (const cause of because) this.row('  by     ', cause);
    const [first] = reasons;
    const isOne = reasons.length > 1 && reasons.every(({ reason }) => reason === first?.reason);
    for (const { device, reason } of isOne ? [] : reasons) this.row(`    ${this.name(device)}  `, reason);
    if (isOne && first) this.row('    each  ', first.reason);
  }

  ids(ids: readonly WhatIfRelabelled<number>[]): void {
    if (ids.length > 0) this.heading('Same members, another number');
    for (const { before, after, devices } of ids)
      this.row(`  ${before} -> ${after}  `, devices.map((name) => this.now(name)).join(' '));
  }

  /** Groups with the same change of type on one line. @param because - What brought one about. */
  types<T extends WhatIfRelabelled<string>>(types: readonly T[], because: (one: T) => readonly string[]): void {
    const alike = new Map<string, { label: string; devices: string[]; because: readonly string[] }>();
    for (const one of types) {
      const causes = because(one);
      const label = `${one.before} -> ${one.after}`;
      const key = [label, ...causes].join();
      const known = alike.get(key) ?? { label, devices: [], because: causes };
      known.devices.push(...one.devices);
      alike.set(key, known);
    }
    if (alike.size > 0) this.heading('Same members, another type');
    for (const { label, devices, because: causes } of alike.values()) {
      this.row(`  ${label}  `, devices.map((name) => this.now(name)).join(' '));
      for (const cause of causes) this.row('  by     ', cause);
    }
  }
}
