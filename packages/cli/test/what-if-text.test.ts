import { applyChanges, bestSlots, parseChanges, Trials, whatIf } from '@iommu/analysis';
import type { Machine } from '@iommu/machine';
import { bestSlotText } from '../src/best-slot-text.js';
import type { Page } from '../src/layout.js';
import { whatIfText } from '../src/what-if-text.js';
import { authored, booted, describeTexts, drivers, STYLE } from './support/pages.js';

const asked =
  (machine: Machine, words: string) =>
  (page: Page): string => {
    const changes = parseChanges(words);
    const changed = applyChanges(machine, changes, { drivers });
    const [before, after] = [booted(machine), booted(changed.machine, changed.policy)];
    const side = (running: typeof before) => ({ running, optimistic: running });
    return whatIfText(whatIf(side(before), side(after), changed, changes), { before, after }, page, STYLE);
  };

const slots =
  (machine: Machine, device: string) =>
  (page: Page): string => {
    const trials = new Trials(machine, { drivers });
    return bestSlotText(bestSlots(trials, device), trials.base.running, page, STYLE);
  };

const desktop = authored('workstation-gpu');
const translated = { ...desktop, kernel: { ...desktop.kernel, commandLine: 'intel_iommu=on' } };

describeTexts('what-if', {
  'another-slot': asked(desktop, 'move 01:00.0 to 00:1c.0'),
  'another-card': asked(desktop, 'remove 02:00.0 add switch to 00:01.1'),
  'an-override': asked(desktop, 'acs-override=downstream'),
  'a-type': asked(translated, 'iommu=pt'),
  'no-iommu': asked(desktop, 'intel_iommu=off'),
  'a-setting': asked(desktop, 'acs on 00:01.0 acs on 00:01.1'),
  nothing: asked(desktop, 'acs on 00:1c.0'),
  'best-slot': slots(desktop, '01:00.0'),
  'best-slot-of-an-old-machine': slots(authored('conventional-pci'), '01:00.0'),
});
