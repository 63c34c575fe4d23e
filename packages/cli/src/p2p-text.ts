import type { P2pReport, P2pStep } from '@iommu/analysis';
import type { RunningMachine } from '@iommu/machine';
import type { DeviceStyle } from './device-text.js';
import { GroupChangesText } from './group-changes-text.js';
import type { Page } from './layout.js';

const COLOURS = { direct: 'green', redirected: 'red', unknown: 'yellow' } as const;

const MEETINGS: Readonly<Record<P2pReport['meeting'], string>> = {
  device: 'They are parts of one device',
  bus: 'They share a bus',
  switch: 'They meet in the switch',
  'root-complex': 'They meet in the root complex',
};

const ROUTES: Readonly<Record<P2pStep['route'], string>> = {
  direct: 'direct, past the IOMMU',
  redirected: 'redirected to the IOMMU',
  unknown: 'not known',
};

/** Where transactions go, for people; every line ends with a newline. */
export const p2pText = (report: P2pReport, running: RunningMachine, page: Page, style: DeviceStyle): string => {
  const text = new GroupChangesText(page, style, { before: running, after: running }, []);
  const { from, to, below, meeting, request, completion, clearing } = report;
  text.devices(`${text.name(from)} to ${text.name(to)}`, 'before', [from, to]);
  text.row('', `${MEETINGS[meeting]}${below === null ? '' : ` below ${text.name(below)}`}.`);
  for (const [label, step] of [
    ['request     ', request],
    ['completion  ', completion],
  ] as const)
    text.row(`  ${label}`, `${page.paint(COLOURS[step.route], ROUTES[step.route])}: ${step.text}`);
  if (!clearing) return text.toString();
  text.heading('To clear it, on the command line of the kernel');
  text.row('  ', `pci=${clearing.parameter}`);
  const may = meeting === 'switch' ? 'can then' : 'may then';
  const lost = `Isolation is lost: ${text.name(from)} and ${text.name(to)} ${may} reach each other past the IOMMU.`;
  text.row('  ', page.paint('red', lost));
  if (clearing.apart)
    text.row('  ', 'Linux keeps them in two groups all the same: give them to one virtual machine, or to none.');
  if (clearing.changed.length === 0) text.row('  ', 'No group is another then, as tried on the model.');
  for (const one of clearing.changed) text.changed(one);
  return text.toString();
};
