import { stale } from '@iommu/analysis';
import type { Machine } from '@iommu/machine';
import type { Page } from '../src/layout.js';
import { staleText } from '../src/stale-text.js';
import { authored, booted, describeTexts, drivers, STYLE } from './support/pages.js';

const desktop = authored('workstation-gpu');
const groups = [...booted(desktop).iommu.groups].map(({ id, devices }) => ({
  id,
  devices: devices.map(({ name }) => name),
}));

/** With the groups of now as those that were formed, and the control bits of the ports with ACS. */
const withControl = (control: string, observed = groups): Machine => ({
  ...desktop,
  observed: { source: 'sysfs', groups: observed },
  pci: {
    ...desktop.pci,
    acsRead: 'after-boot',
    functions: (desktop.pci?.functions ?? []).map((one) =>
      one.acs ? { ...one, acs: { capability: 'SV RR CR UF', control } } : one,
    ),
  },
});

const asked =
  (machine: Machine) =>
  (page: Page): string =>
    staleText(stale(machine, { drivers }), page, STYLE);

const { observed: _groups, ...without } = withControl('SV RR CR UF');

describeTexts('stale', {
  current: asked(withControl('SV RR CR UF')),
  'bits-taken-away': asked(withControl('SV UF')),
  'without-groups': asked(without),
});
