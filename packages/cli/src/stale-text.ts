import type { StaleGroups, StaleReport } from '@iommu/analysis';
import { addressText, type DeviceStyle } from './device-text.js';
import { type Page, wrapped } from './layout.js';

const VERDICTS = {
  current: ['green', 'The groups are those that the ACS bits of now give.'],
  stale: ['red', 'The groups no longer say what the hardware does: ACS bits were changed since they formed.'],
  unknown: ['yellow', 'Whether the groups still say what the hardware does cannot be known from this input.'],
} as const;

const MEANINGS: Readonly<Record<StaleGroups['kind'], string>> = {
  lost: 'Isolated in name only: groups of their own, and nothing keeps them apart any more',
  unused: 'Isolated by now, and still in one group, which is as it was when it formed',
  other: 'In groups that no change of ACS bits gives; iommu check shows the difference',
};

/** What became of isolation since boot, for people; every line ends with a newline. */
export const staleText = (report: StaleReport, page: Page, style: DeviceStyle): string => {
  const lines: string[] = [];
  const row = (lead: string, text: string): void => void lines.push(...wrapped(page, lead, text));
  const names = (devices: readonly string[]): string => devices.map((one) => addressText(one, style)).join(' ');
  const [colour, verdict] = VERDICTS[report.verdict];
  row('', page.paint(colour, verdict));
  for (const { kind, observed, now, bits } of report.groups) {
    lines.push('');
    row('', page.paint('bold', MEANINGS[kind]));
    for (const [label, groups] of [
      ['groups formed  ', observed],
      ['bits of now    ', now],
    ] as const)
      for (const [at, devices] of groups.entries())
        row(`  ${at === 0 ? label : ' '.repeat(label.length)}`, names(devices));
    for (const { device, atBoot, now: control } of bits)
      row(`  ${names([device])}  `, `ACS control was ${atBoot || 'none'}, is ${control || 'none'}`);
  }
  if (report.unknown.length > 0) lines.push('', page.paint('bold', 'Not in the input'));
  for (const one of report.unknown) row('  ', one);
  return lines.map((line) => `${line}\n`).join('');
};
