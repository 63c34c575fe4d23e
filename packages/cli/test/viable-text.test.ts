import { type ViableOptions, viable } from '@iommu/analysis';
import type { Machine } from '@iommu/machine';
import type { Page } from '../src/layout.js';
import { viableText } from '../src/viable-text.js';
import { authored, booted, describeTexts, STYLE } from './support/pages.js';

const asked =
  (machine: Machine, names: readonly string[], options: ViableOptions = {}) =>
  (page: Page): string => {
    const running = booted(machine);
    return viableText(viable({ running, optimistic: running }, names, options), running, page, STYLE);
  };

const desktop = authored('workstation-gpu');
const { firmware: _, ...withoutFirmware } = desktop;
const server = authored('server-vfs');
const functions = Array.from({ length: 16 }, (_, at) => `01:0${1 + (at >> 3)}.${at & 7}`);
// Each function of another number, so that the list of ids is long.
const manyIds: Machine = {
  ...server,
  pci: {
    ...server.pci,
    functions: (server.pci?.functions ?? []).map((fn, at) => ({ ...fn, id: `8086:${(0x1000 + at).toString(16)}` })),
  },
};

describeTexts('viable', {
  'a-card-with-companions': asked(desktop, ['01:00.0', '01:00.1']),
  'a-card-alone': asked(desktop, ['04:00.0']),
  'without-firmware': asked(withoutFirmware, ['04:00.0']),
  'a-bridge': asked(desktop, ['00:1c.0']),
  'drivers-unknown': asked(authored('conventional-pci'), ['06:0d.1']),
  'the-rule-of-2012': asked(desktop, ['01:00.0'], { rule: 'allowed-drivers' }),
  'many-ids': asked(manyIds, functions),
});
