import { whyNone } from '@iommu/analysis';
import type { Machine } from '@iommu/machine';
import type { Page } from '../src/layout.js';
import { whyNoneText } from '../src/why-none-text.js';
import { authored, booted, describeTexts, STYLE } from './support/pages.js';

const asked =
  (machine: Machine, name?: string) =>
  (page: Page): string =>
    whyNoneText(whyNone(booted(machine), name), page, STYLE);

const desktop = authored('workstation-gpu');
const { firmware: _, ...withoutFirmware } = desktop;
const off = { ...desktop, kernel: { ...desktop.kernel, commandLine: 'intel_iommu=off' } };

describeTexts('why-none', {
  'switched-off': asked(off),
  'one-device': asked(off, '01:00.0'),
  'no-table': asked({ ...desktop, firmware: { acpi: {} } }),
  'without-firmware': asked(withoutFirmware),
  grouped: asked(desktop),
});
