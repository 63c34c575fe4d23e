import type { GroupsReport } from '@iommu/analysis';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import { addressText, type DeviceStyle, deviceText } from './device-text.js';

export interface ListingStyle extends DeviceStyle {
  /** A heading for each group, its devices below; else a line a device. */
  readonly indent: boolean;
  /** A line below each device with its kernel driver. */
  readonly drivers: boolean;
}

/** What a listing says of one device: its line, and the lines below it. */
const deviceLines = (name: string, running: RunningMachine, style: ListingStyle): [string, ...string[]] => {
  const device = running.find(name);
  const text = device && isPciDevice(device) ? ` ${deviceText(device, style)}` : '';
  const driver = device && style.drivers ? running.iommu.kernelDriverOf(device) : undefined;
  return [`${addressText(name, style)}${text}`, ...(driver === undefined ? [] : [`\tKernel driver in use: ${driver}`])];
};

/** `IOMMU Group 1 00:01.0 PCI bridge [0604]: …`, a line a device. */
const flat = (report: GroupsReport, running: RunningMachine, style: ListingStyle): string[] => [
  ...report.groups.flatMap(({ id, devices }) =>
    devices.flatMap((name) => {
      const [first, ...below] = deviceLines(name, running, style);
      return [`IOMMU Group ${id ?? '?'} ${first}`, ...below];
    }),
  ),
  ...report.ungrouped.map(
    ({ device, reason }) => `No IOMMU Group ${deviceLines(device, running, style)[0]} - ${reason}`,
  ),
];

/** `IOMMU Group 1:`, and below it a line a device. */
const indented = (report: GroupsReport, running: RunningMachine, style: ListingStyle): string[] => {
  const indent = (lines: readonly string[]) => lines.map((line) => `\t${line}`);
  const lines = report.groups.flatMap(({ id, devices }) => [
    `IOMMU Group ${id ?? '?'}:`,
    ...devices.flatMap((name) => indent(deviceLines(name, running, style))),
  ]);
  if (report.ungrouped.length === 0) return lines;
  const none = report.ungrouped.flatMap(({ device, reason }) => [
    deviceLines(device, running, style)[0],
    `\t${reason}`,
  ]);
  return [...lines, 'No IOMMU Group:', ...indent(none)];
};

/** The two listings that people know; every line ends with a newline. */
export const listing = (report: GroupsReport, running: RunningMachine, style: ListingStyle): string =>
  (style.indent ? indented : flat)(report, running, style)
    .map((line) => `${line}\n`)
    .join('');
