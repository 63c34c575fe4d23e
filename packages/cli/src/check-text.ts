import type { CheckReport } from '@iommu/analysis';
import { addressText, type DeviceStyle } from './device-text.js';
import { type Page, wrapped } from './layout.js';

const VERDICTS = { equal: 'green', differs: 'red', unknown: 'yellow' } as const;

/** A report for people; every line ends with a newline. */
export const checkText = (report: CheckReport, page: Page, style: DeviceStyle): string => {
  const name = (device: string) => addressText(device, style);
  const members = (list: readonly string[] | null) => (list === null ? 'no group' : list.map(name).join(' '));
  const verdict = (agreement: keyof typeof VERDICTS) => page.paint(VERDICTS[agreement], agreement);
  const lines = [
    `partition  ${verdict(report.partition)}`,
    `ids        ${verdict(report.ids)}`,
    `devices    ${report.devices}`,
  ];
  for (const { device, observed, computed, reason } of report.differing) {
    lines.push(
      '',
      page.paint('bold', name(device)),
      ...wrapped(page, '  observed  ', members(observed)),
      ...wrapped(page, '  computed  ', members(computed)),
      ...wrapped(page, '  because   ', reason),
    );
  }
  if (report.missing.length > 0)
    lines.push('', ...wrapped(page, '', `not described, but observed in a group: ${members(report.missing)}`));
  return lines.map((line) => `${line}\n`).join('');
};
