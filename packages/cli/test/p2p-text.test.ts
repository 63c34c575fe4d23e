import { p2p, Trials } from '@iommu/analysis';
import { writeDmar } from '@iommu/driver-intel-vtd';
import type { Machine } from '@iommu/machine';
import { downstreamPort, endpoint, layOut, pcieSwitch, rootPort } from '@iommu/machine/build';
import type { Page } from '../src/layout.js';
import { p2pText } from '../src/p2p-text.js';
import { authored, describeTexts, drivers, STYLE } from './support/pages.js';

const asked =
  (machine: Machine, from: string, to: string) =>
  (page: Page): string => {
    const trials = new Trials(machine, { drivers });
    return p2pText(p2p(trials, from, to), trials.base.running, page, STYLE);
  };

const gpu = endpoint({ id: '10de:2684', class: '030000' });

/** Two graphics cards below a switch. */
const server = (acs: boolean): Machine => ({
  schema: 1,
  kernel: { release: '7.0', arch: 'x86_64', commandLine: 'intel_iommu=on' },
  firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } },
  pci: layOut([
    {
      devices: [
        rootPort({ slot: 1, acs: true }, [
          pcieSwitch({ id: '10b5:8747' }, [
            downstreamPort({ id: '10b5:8747', acs }, [gpu]),
            downstreamPort({ id: '10b5:8747', acs }, [gpu]),
          ]),
        ]),
      ],
    },
  ]),
});

describeTexts('p2p', {
  redirected: asked(server(true), '03:00.0', '04:00.0'),
  direct: asked(server(false), '03:00.0', '04:00.0'),
  'in-the-root-complex': asked(authored('workstation-gpu'), '01:00.0', '04:00.0'),
});
