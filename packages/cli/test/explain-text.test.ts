import { explain, pathTree, Trials } from '@iommu/analysis';
import { writeDmar } from '@iommu/driver-intel-vtd';
import type { Machine } from '@iommu/machine';
import { endpoint, layOut, multifunction, rootPort } from '@iommu/machine/build';
import { explainText, treeText } from '../src/explain-text.js';
import type { Page } from '../src/layout.js';
import { authored, describeTexts, drivers, STYLE } from './support/pages.js';

const explained =
  (machine: Machine, ...[a, b]: readonly [string, string?]) =>
  (page: Page): string => {
    const trials = new Trials(machine, { drivers });
    const { running } = trials.base;
    return explainText(explain(trials, running, a, b), running, page, STYLE);
  };

const desktop = authored('workstation-gpu');

/** Ports that the kernel command line can switch, functions that a quirk isolates, and a port of which ACS is not known. */
const odd: Machine = {
  schema: 1,
  name: 'odd',
  kernel: { release: '6.12.0', arch: 'x86_64', commandLine: 'intel_iommu=on' },
  firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } },
  pci: (() => {
    const port = (slot: number, acs: boolean | { capability: string; control: string }, ids: readonly string[]) =>
      rootPort({ slot, id: `8086:190${slot}`, acs }, [
        multifunction(...ids.map((id) => endpoint({ id, class: '020000' }))),
      ]);
    const { functions, ...rest } = layOut([
      {
        devices: [
          port(1, { capability: 'SV RR CR UF', control: 'SV' }, ['10de:2684']),
          port(2, true, ['8086:10c9', '8086:10c9']),
          port(3, true, ['144d:a80c']),
        ],
      },
    ]);
    const unread = functions.map((one) => {
      const { acs: _, ...others } = one;
      return one.address === '0000:00:03.0' ? others : one;
    });
    return { ...rest, functions: unread };
  })(),
};

describeTexts('explain', {
  'two-together': explained(desktop, '01:00.0', '02:00.0'),
  'two-on-a-conventional-bus': explained(authored('conventional-pci'), '06:0d.0', '06:0d.1'),
  'two-apart': explained(desktop, '04:00.0', '00:1c.0'),
  'two-below-the-root-complex': explained(desktop, '00:14.0', '04:00.0'),
  'one-of-several': explained(desktop, '01:00.1'),
  'one-alone': explained(desktop, '04:00.0'),
  'with-a-word-of-the-command-line': explained(odd, '01:00.0', '00:01.0'),
  'apart-by-a-quirk': explained(odd, '02:00.0', '02:00.1'),
  'with-a-fact-unread': explained(odd, '03:00.0', '00:03.0'),
  'without-a-group': explained(
    { ...desktop, kernel: { ...desktop.kernel, commandLine: 'intel_iommu=off' } },
    '00:14.0',
    '04:00.0',
  ),
  tree: (page) => {
    const { running } = new Trials(desktop, { drivers }).base;
    return treeText(pathTree(running, ['01:00.0', '04:00.0']), page, STYLE);
  },
  'tree-with-bits': (page) => {
    const { running } = new Trials(odd, { drivers }).base;
    return treeText(pathTree(running, ['01:00.0', '02:00.1', '03:00.0']), page, STYLE);
  },
});
