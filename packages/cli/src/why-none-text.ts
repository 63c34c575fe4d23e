import type { WhyNoneReport } from '@iommu/analysis';
import { addressText, type DeviceStyle } from './device-text.js';
import { type Page, wrapped } from './layout.js';

/** Devices of one cause that are spelled out; the others are counted. */
const SHOWN = 12;

const COLOURS = { grouped: 'green', none: 'red', unknown: 'yellow' } as const;

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const headline = ({ verdict, device, groups, causes }: WhyNoneReport, name: (device: string) => string): string => {
  const who = device === null ? 'This machine' : name(device);
  if (verdict === 'none') return `${who} has no group${device === null ? 's' : ''}.`;
  if (verdict === 'unknown')
    return `Whether ${device === null ? 'this machine has groups' : `${who} has a group`} is unknown.`;
  if (device !== null) return `${who} has a group.`;
  const without = causes.reduce((sum, { devices }) => sum + devices.length, 0);
  return `${who} has ${counted(groups, 'group')}; ${without === 0 ? 'every device is in one' : `${counted(without, 'device')} without`}.`;
};

/** A report for people; every line ends with a newline. */
export const whyNoneText = (report: WhyNoneReport, page: Page, style: DeviceStyle): string => {
  const lines: string[] = [];
  const row = (lead: string, text: string): void => void lines.push(...wrapped(page, lead, text));
  const heading = (text: string): void => {
    lines.push('');
    row('', page.paint('bold', text));
  };
  const name = (device: string) => addressText(device, style);
  row('', page.paint(COLOURS[report.verdict], headline(report, name)));
  if (report.causes.length > 0) heading('Why');
  for (const { rule, text, source, devices, remedy } of report.causes) {
    row('  ', text);
    row('    kernel   ', `${source}; ${rule}`);
    if (report.device === null) {
      const more = devices.length > SHOWN ? ` and ${devices.length - SHOWN} more` : '';
      row('    devices  ', `${devices.slice(0, SHOWN).map(name).join(' ')}${more}`);
    }
    if (remedy !== null) row('    helps    ', remedy);
  }
  if (report.doubts.length > 0) heading('Not certain');
  for (const doubt of report.doubts) row('  ', doubt);
  if (report.findings.length > 0) heading('Found on the way');
  for (const finding of report.findings) row('  ', finding);
  return lines.map((line) => `${line}\n`).join('');
};
