import type { BestSlotReport, SlotReport } from '@iommu/analysis';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import { addressText, type DeviceStyle, deviceText } from './device-text.js';
import { type Page, wrapped } from './layout.js';

const verdict = ({ ungrouped, companions, bridges }: SlotReport): readonly ['green' | 'yellow' | 'red', string] => {
  if (ungrouped.length > 0) return ['red', 'no IOMMU'];
  if (companions.length > 0)
    return ['red', `shares its group with ${companions.length} other${companions.length > 1 ? 's' : ''}`];
  return bridges.length > 0 ? ['yellow', 'shares its group with bridges only'] : ['green', 'alone'];
};

/** Every place for a card, for people; every line ends with a newline. */
export const bestSlotText = (
  report: BestSlotReport,
  running: RunningMachine,
  page: Page,
  style: DeviceStyle,
): string => {
  const name = (device: string) => addressText(device, style);
  const text = (address: string) => {
    const device = running.find(address);
    return device && isPciDevice(device) ? deviceText(device, style) : '';
  };
  const lines = wrapped(page, `${name(report.device)}  `, text(report.device));
  for (const [at, slot] of report.slots.entries()) {
    const [colour, what] = verdict(slot);
    const where = slot.change === null ? 'where it is: ' : '';
    lines.push(
      '',
      ...wrapped(
        page,
        `${String(at + 1).padStart(2)}. `,
        `${where}behind ${name(slot.port)}, as ${slot.functions.map(name).join(' ')}: ${page.paint(colour, what)}`,
      ),
    );
    const more = [...slot.companions, ...slot.bridges];
    if (more.length > 0) lines.push(...wrapped(page, '    with  ', more.map(name).join(' ')));
    if (slot.renumbered > 0)
      lines.push(...wrapped(page, '    ', `${slot.renumbered} devices elsewhere get other addresses`));
    lines.push(...wrapped(page, '    ', slot.reason));
  }
  return lines.map((line) => `${line}\n`).join('');
};
