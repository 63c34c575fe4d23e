import { applyChanges, diff, parseChanges } from '@iommu/analysis';
import type { Machine } from '@iommu/machine';
import { diffText } from '../src/diff-text.js';
import type { Page } from '../src/layout.js';
import { authored, booted, describeTexts, drivers, STYLE } from './support/pages.js';

const compared =
  (a: Machine, b: Machine) =>
  (page: Page): string => {
    const [before, after] = [booted(a), booted(b)];
    const side = (running: typeof before) => ({ running, optimistic: running });
    return diffText(diff(side(before), side(after), { drivers }), { before, after }, page, STYLE);
  };

const desktop = authored('workstation-gpu');
const named = (machine: Machine, name: string): Machine => ({ ...machine, name });
const changed = (words: string): Machine =>
  named(applyChanges(desktop, parseChanges(words), { drivers }).machine, 'after');
const before = named(desktop, 'before');

describeTexts('diff', {
  'another-card': compared(before, changed('remove 02:00.0 add switch to 00:01.1')),
  'another-slot': compared(before, changed('move 01:00.0 to 00:1c.0')),
  'a-setting': compared(before, changed('acs on 00:01.0 acs on 00:01.1 kernel 6.13 cmdline quiet')),
  'a-type': compared(
    { ...before, kernel: { ...before.kernel, commandLine: 'intel_iommu=on' } },
    { ...before, kernel: { ...before.kernel, commandLine: 'intel_iommu=on iommu=pt' } },
  ),
  'unknown-cause': compared(
    { ...before, observed: { source: 'sysfs', groups: [{ id: 0, devices: ['0000:01:00.0', '0000:02:00.0'] }] } },
    {
      ...before,
      observed: {
        source: 'sysfs',
        groups: [
          { id: 0, devices: ['0000:01:00.0'] },
          { id: 1, devices: ['0000:02:00.0'] },
        ],
      },
    },
  ),
  nothing: compared(before, before),
});
