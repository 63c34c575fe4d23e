import type { DiffReport, TriedDifference } from '@iommu/analysis';
import type { DeviceStyle } from './device-text.js';
import { type BothSides, GroupChangesText } from './group-changes-text.js';
import type { Page } from './layout.js';

const KINDS: Readonly<Record<TriedDifference['kind'], string>> = {
  kernel: 'kernel',
  'command-line': 'command line',
  'firmware-table': 'firmware table',
  'iommu-registers': "IOMMUs' registers",
  acs: 'ACS',
  added: 'new',
  removed: 'gone',
  moved: 'moved',
  replaced: 'replaced',
  'virtual-functions': 'virtual functions',
  drivers: 'kernel drivers',
};

/** What is there on either side; of what has no name of its own only that it came or went. */
const change = ({ before, after }: TriedDifference, name: (text: string) => string): string => {
  if (before === null) return `${name(after ?? '')} came`;
  return after === null ? `${name(before)} went` : `${name(before)} -> ${name(after)}`;
};

class DiffText {
  readonly #text: GroupChangesText;
  readonly #report: DiffReport;

  constructor(text: GroupChangesText, report: DiffReport) {
    this.#text = text;
    this.#report = report;
  }

  /** `ACS 00:1c.0: capability …` */
  #cause(one: TriedDifference): string {
    const { kind, devices } = one;
    const addresses = (list: string): string =>
      list
        .split(' ')
        .map((word) => this.#text.name(word))
        .join(' ');
    if (kind === 'added' || kind === 'removed') return `${KINDS[kind]} ${addresses(one.before ?? one.after ?? '')}`;
    if (kind === 'moved' || kind === 'replaced') return `${KINDS[kind]} ${change(one, addresses)}`;
    const [device] = devices.after;
    const subject = device === undefined ? '' : ` of ${this.#text.now(device)}`;
    const text = kind === 'acs' ? `${one.before ?? 'none'} -> ${one.after ?? 'none'}` : change(one, (plain) => plain);
    return `${KINDS[kind]}${subject}: ${text}`;
  }

  #causes(at: readonly number[]): string[] {
    if (at.length === 0) return ['what, the dumps do not show'];
    return at.flatMap((index) => {
      const one = this.#report.differences[index];
      return one ? [this.#cause(one)] : [];
    });
  }

  #headline(): void {
    const { groups, changed, source, machines, types } = this.#report;
    this.#text.heading(`${machines.before ?? 'the first'} -> ${machines.after ?? 'the second'}`);
    const how = source === 'observed' ? 'as the kernels formed them' : 'as computed';
    const isSame = changed.length === 0;
    const what = isSame
      ? `No group has other members${types.length > 0 ? ', but some have another type' : ''}: ${groups.after} groups`
      : `${groups.before} groups before, ${groups.after} after`;
    this.#text.row('', `${what}, ${how}.`);
  }

  #differences(): void {
    const { differences } = this.#report;
    for (const matters of [true, false]) {
      const own = differences.filter((one) => one.matters === matters);
      if (own.length > 0) this.#text.heading(matters ? 'What makes a difference' : 'Also other, and no group by it');
      for (const one of own) this.#text.row('  ', this.#cause(one));
    }
  }

  write(): void {
    const { moved, replaced, renumbered, added, removed, changed, ids, types } = this.#report;
    this.#headline();
    this.#differences();
    this.#text.devices('New', 'after', added);
    this.#text.devices('Gone', 'before', removed);
    this.#text.pairs('In another place', moved);
    this.#text.pairs('Another device in the same place', replaced);
    this.#text.pairs('The same place under another address', renumbered);
    for (const one of changed) this.#text.changed(one, this.#causes(one.causes));
    this.#text.ids(ids);
    this.#text.types(types, ({ causes }) => this.#causes(causes));
  }
}

/** A comparison of two dumps for people; every line ends with a newline. */
export const diffText = (report: DiffReport, sides: BothSides, page: Page, style: DeviceStyle): string => {
  const text = new GroupChangesText(page, style, sides, [...report.renumbered, ...report.moved]);
  new DiffText(text, report).write();
  return text.toString();
};
