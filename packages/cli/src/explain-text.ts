import type {
  ExplainedComponent,
  ExplainedGroup,
  ExplainedLink,
  ExplainedWay,
  ExplainReport,
  PathNode,
  PathTree,
} from '@iommu/analysis';
import { acsText } from '@iommu/analysis';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import { addressText, type DeviceStyle, deviceText } from './device-text.js';
import { type Page, wrapped } from './layout.js';
import { ReportText } from './report-text.js';

/** Ways of one kind that are spelled out; the others are counted. */
const SHOWN = 4;
/** Of the words at the start of a line. */
const LABEL = 10;

/** What decides, and is told in full beside the verdict. */
const TOLD: readonly ExplainedComponent['basis'][] = ['flags', 'no-capability', 'quirk'];

const label = (text: string): string => `   ${text.padEnd(LABEL)}`;

const WAYS: Readonly<Record<ExplainedWay['kind'], string>> = {
  firmware: 'firmware setting',
  'command-line': 'kernel command line',
  slot: 'another slot',
  kernel: 'another kernel',
  several: 'together',
};

const registersText = ({ acs, needed, quirk, quirkSince }: ExplainedComponent): string => {
  const registers =
    typeof acs === 'string'
      ? `ACS ${acs}`
      : `ACS capability ${acs.capability === null ? 'unread' : acs.capability || 'empty'}, control ${acs.control === null ? 'unread' : acs.control || 'none'}`;
  const wanted = needed === '' ? '' : `; needed ${needed}`;
  return `${registers}${wanted}; quirk ${quirk === null ? 'none' : `${quirk}, since ${quirkSince}`}`;
};

/** Writes one report. */
class ExplainText extends ReportText {
  /** The link that a rule was spelled out for. */
  readonly #rules = new Map<string, number>();

  describe(device: string): void {
    const found = this.running.find(device);
    if (found && isPciDevice(found)) this.row(`${this.name(device)}  `, deviceText(found, this.style));
  }

  component(component: ExplainedComponent): void {
    const { device, kind, isolates, text, basis } = component;
    const verdict = this.page.paint(isolates ? 'green' : 'red', isolates ? 'isolates' : 'does not isolate');
    // What flags or a quirk decided is told with them.
    const why = TOLD.includes(basis) ? '' : `${text}; `;
    this.row(label(this.name(device)), `${kind}, ${verdict}: ${why}${registersText(component)}`);
  }

  link(number: number, link: ExplainedLink, release: string): void {
    const { device, joined, text, sentence, rule, source, components } = link;
    const what = joined === null ? this.name(device) : `${this.name(device)} joined ${this.name(joined)}`;
    const said = this.#rules.get(rule);
    this.#rules.set(rule, said ?? number);
    this.row(`${number}. `, this.page.paint('bold', what));
    this.row('   ', text);
    if (sentence !== text) this.row(label('rule'), said === undefined ? sentence : `as in ${said}`);
    this.row(label('kernel'), `${source}, ${release}; ${rule}`);
    for (const component of components) this.component(component);
  }

  ways(ways: readonly ExplainedWay[]): void {
    for (const kind of new Set(ways.map((way) => way.kind))) {
      const own = ways.filter((way) => way.kind === kind);
      const shown = own.slice(0, SHOWN).map(({ changes }) => changes.join(' and '));
      const more = own.length > SHOWN ? [`and ${own.length - SHOWN} more`] : [];
      for (const [at, text] of [...shown, ...more].entries())
        this.row(`  ${(at === 0 ? WAYS[kind] : '').padEnd(20)}  `, text);
    }
  }
}

const groupName = (group: ExplainedGroup | null | undefined): string =>
  group ? `group ${group.id ?? '?'}` : 'no group';

const headline = ({ relation, groups, devices }: ExplainReport, name: (device: string) => string): string => {
  const [a = '', b = ''] = devices.map(name);
  const [first, second] = groups;
  switch (relation) {
    case 'together':
      return `${a} and ${b} share ${groupName(first)}.`;
    case 'apart':
      return `${a} is in ${groupName(first)}, ${b} in ${groupName(second)}.`;
    case 'shared':
      return `${a} is in ${groupName(first)} with ${(first?.devices.length ?? 1) - 1} more.`;
    case 'alone':
      return `${a} is alone in ${groupName(first)}.`;
    case 'ungrouped':
      return devices.map((device, at) => `${name(device)} is in ${groupName(groups[at])}.`).join(' ');
  }
};

const nothingFound = (relation: ExplainReport['relation'], exhaustive: boolean): string => {
  const what = relation === 'apart' ? 'joins' : 'parts';
  if (!exhaustive) return `Nothing was found that ${what} them; there are too many changes to try each.`;
  return `Nothing ${what} them: ACS of all that has a say in it, every other slot and a newer kernel were tried on the model.`;
};

const writeWays = (text: ExplainText, { relation, ways, onPaper, exhaustive, links }: ExplainReport): void => {
  if (relation === 'alone' || relation === 'ungrouped') return;
  const [first] = links;
  if (relation === 'shared' && first?.joined === null) return;
  const pair =
    relation === 'shared' && first ? ` ${text.name(first.device)} from ${text.name(first.joined ?? '')}` : ' them';
  text.heading(`What would ${relation === 'apart' ? 'join' : 'part'}${pair}, each by itself, as tried on the model`);
  if (ways.length > 0) text.ways(ways);
  else text.row('  ', nothingFound(relation, exhaustive));
  for (const { changes } of onPaper)
    text.row(
      '  on paper only         ',
      `${changes.join(' and ')}: Linux then believes in isolation that nothing proves`,
    );
};

/** An explanation for people; every line ends with a newline. */
export const explainText = (report: ExplainReport, running: RunningMachine, page: Page, style: DeviceStyle): string => {
  const text = new ExplainText(page, style, running);
  text.heading(headline(report, (device) => text.name(device)));
  for (const device of report.devices) text.describe(device);
  const release = report.machine.kernel === null ? 'kernel unknown' : `Linux ${report.machine.kernel}`;
  text.heading(report.relation === 'apart' ? 'Why each is where it is' : 'Why');
  for (const [at, link] of report.links.entries()) text.link(at + 1, link, release);
  if (report.relation === 'apart') {
    text.heading('What isolates them');
    for (const component of report.isolation) text.component(component);
    if (report.rootComplex)
      text.row('   ', 'They meet only in the root complex, which Linux takes to lead everything to the IOMMU.');
  }
  writeWays(text, report);
  if (report.unknown.length > 0) text.heading('Not in the input, and supposed');
  for (const { fact, capture } of report.unknown) text.row('   ', `${fact}: ${capture}`);
  return text.lines.map((line) => `${line}\n`).join('');
};

/** A colour for each group, so that what shares one has one. */
const GROUP_COLOURS = ['cyan', 'yellow', 'magenta', 'green', 'blue', 'red'] as const;

/** The ways from root buses down to devices, with the ACS bits of each hop; every line ends with a newline. */
export const treeText = (trees: readonly PathTree[], page: Page, style: DeviceStyle): string => {
  const lines: string[] = [];
  const colours = new Map<number, (typeof GROUP_COLOURS)[number]>();
  const colourOf = (group: number) => {
    const known = colours.get(group) ?? GROUP_COLOURS[colours.size % GROUP_COLOURS.length] ?? 'cyan';
    colours.set(group, known);
    return known;
  };
  const write = ({ component, group, behind }: PathNode, indent: string, isLast: boolean): void => {
    const name = addressText(component.device, style);
    const own = group === null ? name : page.paint(colourOf(group), `${name} group ${group}`);
    const mark = component.isolates ? '' : page.paint('red', ', does not isolate');
    lines.push(
      ...wrapped(page, `${indent}${isLast ? '└─ ' : '├─ '}`, `${own}  ${component.kind}  ${acsText(component)}${mark}`),
    );
    const inner = `${indent}${isLast ? '   ' : '│  '}`;
    for (const [at, node] of behind.entries()) write(node, inner, at === behind.length - 1);
  };
  for (const { rootBus, behind } of trees) {
    lines.push(`root bus ${rootBus}`);
    for (const [at, node] of behind.entries()) write(node, '', at === behind.length - 1);
  }
  return lines.map((line) => `${line}\n`).join('');
};
