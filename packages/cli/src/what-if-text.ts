import type { WhatIfGroup, WhatIfReport } from '@iommu/analysis';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import { addressText, type DeviceStyle, deviceText } from './device-text.js';
import { type Page, wrapped } from './layout.js';

/** Both sides of a what-if, for the names of devices. */
export interface WhatIfSides {
  readonly before: RunningMachine;
  readonly after: RunningMachine;
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

/** Writes one report. */
class WhatIfText {
  readonly lines: string[] = [];
  readonly #page: Page;
  readonly #style: DeviceStyle;
  readonly #was: ReadonlyMap<string, string>;

  constructor(page: Page, style: DeviceStyle, { moved }: WhatIfReport) {
    this.#page = page;
    this.#style = style;
    this.#was = new Map(moved.map(({ before, after }) => [after, before]));
  }

  heading(text: string): void {
    if (this.lines.length > 0) this.lines.push('');
    this.lines.push(...wrapped(this.#page, '', this.#page.paint('bold', text)));
  }

  row(lead: string, text: string): void {
    this.lines.push(...wrapped(this.#page, lead, text));
  }

  name(device: string): string {
    return addressText(device, this.#style);
  }

  /** With the address before, where it is another. */
  now(device: string): string {
    const was = this.#was.get(device);
    return was === undefined ? this.name(device) : `${this.name(device)} (was ${this.name(was)})`;
  }

  groups(lead: string, groups: readonly WhatIfGroup[], name: (device: string) => string): void {
    if (groups.length === 0) this.row(`  ${lead}`, 'no group');
    for (const [at, { id, devices }] of groups.entries()) {
      const label = `${at === 0 ? lead : ' '.repeat(lead.length)}${String(id ?? '?').padStart(3)}  `;
      this.row(`  ${label}`, devices.map(name).join(' '));
    }
  }
}

const describe = (running: RunningMachine, name: string, style: DeviceStyle): string => {
  const device = running.find(name);
  return device && isPciDevice(device) ? deviceText(device, style) : '';
};

const writeMoves = (
  text: WhatIfText,
  { moved, added, removed }: WhatIfReport,
  sides: WhatIfSides,
  style: DeviceStyle,
): void => {
  if (moved.length > 0) text.heading('Addresses that change');
  for (const { before, after } of moved)
    text.row(`  ${text.name(before)} -> ${text.name(after)}  `, describe(sides.after, after, style));
  if (added.length > 0) text.heading('New');
  for (const name of added) text.row(`  ${text.name(name)}  `, describe(sides.after, name, style));
  if (removed.length > 0) text.heading('Gone');
  for (const name of removed) text.row(`  ${text.name(name)}  `, describe(sides.before, name, style));
};

const writeGroups = (text: WhatIfText, { changed }: WhatIfReport, paint: Page['paint']): void => {
  for (const { change, before, after, reasons } of changed) {
    text.heading(`Groups: ${paint(COLOURS[change], change)}`);
    text.groups('before ', before, (name) => text.name(name));
    text.groups('after  ', after, (name) => text.now(name));
    const [first] = reasons;
    const isOne = reasons.length > 1 && reasons.every(({ reason }) => reason === first?.reason);
    for (const { device, reason } of isOne ? [] : reasons) text.row(`    ${text.name(device)}  `, reason);
    if (isOne && first) text.row('    each  ', first.reason);
  }
};

/** Groups with the same change of number or type, on one line. */
const writeLabels = (text: WhatIfText, { ids, types }: WhatIfReport): void => {
  if (ids.length > 0) text.heading('Same members, another number');
  for (const { before, after, devices } of ids)
    text.row(`  ${before} -> ${after}  `, devices.map((name) => text.now(name)).join(' '));
  const byType = new Map<string, string[]>();
  for (const { before, after, devices } of types) {
    const key = `${before} -> ${after}`;
    byType.set(key, [...(byType.get(key) ?? []), ...devices]);
  }
  if (byType.size > 0) text.heading('Same members, another type');
  for (const [key, devices] of byType) text.row(`  ${key}  `, devices.map((name) => text.now(name)).join(' '));
};

/** A what-if for people; every line ends with a newline. */
export const whatIfText = (report: WhatIfReport, sides: WhatIfSides, page: Page, style: DeviceStyle): string => {
  const text = new WhatIfText(page, style, report);
  text.heading(report.changes.join(', '));
  const { groups } = report;
  const isSame = report.changed.length === 0;
  text.row(
    '',
    isSame
      ? `No group has other members: ${groups.after} groups.`
      : `${groups.before} groups before, ${groups.after} after.`,
  );
  writeMoves(text, report, sides, style);
  writeGroups(text, report, page.paint);
  writeLabels(text, report);
  return text.lines.map((line) => `${line}\n`).join('');
};
