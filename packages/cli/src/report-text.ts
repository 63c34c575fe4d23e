import type { RunningMachine } from '@iommu/machine';
import { addressText, type DeviceStyle } from './device-text.js';
import { type Page, wrapped } from './layout.js';

/** Writes a report for people, line by line. */
export class ReportText {
  readonly lines: string[] = [];
  protected readonly page: Page;
  protected readonly style: DeviceStyle;
  protected readonly running: RunningMachine;

  constructor(page: Page, style: DeviceStyle, running: RunningMachine) {
    this.page = page;
    this.style = style;
    this.running = running;
  }

  row(lead: string, text: string): void {
    this.lines.push(...wrapped(this.page, lead, text));
  }

  heading(text: string): void {
    if (this.lines.length > 0) this.lines.push('');
    this.row('', this.page.paint('bold', text));
  }

  name(device: string): string {
    return addressText(device, this.style);
  }
}
