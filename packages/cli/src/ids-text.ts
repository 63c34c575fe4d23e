import type { IdsReport, StableDevice } from '@iommu/analysis';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import { addressText, type DeviceStyle, deviceText } from './device-text.js';
import { type Page, wrapped } from './layout.js';

/** Groups by path, for people; every line ends with a newline. */
export const idsText = (report: IdsReport, running: RunningMachine, page: Page, style: DeviceStyle): string => {
  const lines: string[] = [];
  const write = ({ device, path, stable }: StableDevice): void => {
    const found = running.find(device);
    const text = found && isPciDevice(found) ? deviceText(found, style) : '';
    const doubt = stable ? '' : page.paint('yellow', ' (not stable: what leads to it is not in the input)');
    lines.push(...wrapped(page, '  ', `${path}${doubt}`));
    lines.push(...wrapped(page, '    ', `${addressText(device, style)} ${text}`.trim()));
  };
  for (const { path, id, devices } of report.groups) {
    lines.push(...wrapped(page, '', `${page.paint('bold', path)}  group ${id ?? '?'} now`));
    for (const one of devices) write(one);
  }
  if (report.ungrouped.length > 0) lines.push(page.paint('bold', 'No group'));
  for (const one of report.ungrouped) write(one);
  return lines.map((line) => `${line}\n`).join('');
};
