import { stableIds } from '@iommu/analysis';
import type { Machine } from '@iommu/machine';
import { idsText } from '../src/ids-text.js';
import type { Page } from '../src/layout.js';
import { authored, booted, describeTexts, STYLE } from './support/pages.js';

const asked =
  (machine: Machine) =>
  (page: Page): string => {
    const running = booted(machine);
    return idsText(stableIds(running), running, page, STYLE);
  };

describeTexts('ids', {
  desktop: asked(authored('workstation-gpu')),
  'conventional-pci': asked(authored('conventional-pci')),
  'without-what-leads-there': asked({
    schema: 1,
    pci: {
      functions: [
        {
          address: '0000:00:01.0',
          id: '8086:1901',
          class: '060400',
          headerType: 1,
          express: 'root-port',
          secondaryBus: 1,
          subordinateBus: 5,
        },
        { address: '0000:05:00.0', id: '10de:2684', headerType: 0, express: 'endpoint' },
      ],
    },
  }),
});
