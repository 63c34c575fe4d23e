import type { Verdict, Viability, ViableDevice, ViableMember, ViableReason, ViableReport } from '@iommu/analysis';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import { type DeviceStyle, deviceText } from './device-text.js';
import type { Page } from './layout.js';
import { ReportText } from './report-text.js';

const VERDICTS: Readonly<Record<Verdict, readonly [colour: 'green' | 'red' | 'yellow', text: string]>> = {
  viable: ['green', 'viable'],
  'not-viable': ['red', 'not viable'],
  unknown: ['yellow', 'unknown'],
};

const EFFECTS: Readonly<Record<ViableReason['effect'], readonly [colour: 'red' | 'yellow', label: string]>> = {
  blocks: ['red', 'in the way'],
  unknown: ['yellow', 'unknown'],
  doubt: ['yellow', 'supposed'],
  warning: ['yellow', 'warning'],
};

/** Of the words at the start of a line. */
const LABEL = 12;

/** Writes one report. */
class ViableText extends ReportText {
  verdict(lead: string, { verdict, certain, errno, refusedBy }: Viability, driver: string): void {
    const [colour, word] = VERDICTS[verdict];
    const call = refusedBy === 'claim' ? 'claiming the group' : `the probe of ${driver}`;
    const why = errno === null ? '' : `: ${call} returns ${errno}`;
    const doubt = verdict !== 'unknown' && !certain ? ', as far as the input tells' : '';
    this.row(lead, `${this.page.paint(colour, word)}${doubt}${why}`);
  }

  member({ device, driver, driverIsKnown, role, inTheWay, directRegions }: ViableMember): void {
    const found = this.running.find(device);
    const bound = driver ?? (driverIsKnown ? 'no driver' : 'driver unknown');
    const [colour, label] = inTheWay === null ? EFFECTS.unknown : EFFECTS.blocks;
    const state = role === 'asked' || inTheWay === false ? '' : `, ${this.page.paint(colour, label)}`;
    const what = role === 'other' ? '' : `, ${role === 'asked' ? 'asked about' : 'a bridge'}`;
    this.row(`  ${this.name(device)}  `, `${bound}${what}${state}`);
    const indent = ' '.repeat(this.name(device).length + 4);
    if (found && isPciDevice(found)) this.row(indent, deviceText(found, this.style));
    for (const region of directRegions) this.row(indent, region);
  }

  reason({ effect, text }: ViableReason): void {
    const [colour, label] = EFFECTS[effect];
    this.row(`  ${this.page.paint(colour, label)}${' '.repeat(LABEL - label.length)}`, text);
  }

  /** Text to copy stands as it is, from the first column on. */
  copy(text: string): void {
    this.lines.push(...text.trimEnd().split('\n'));
  }

  get width(): number {
    return this.page.width;
  }
}

const writeGroups = (text: ViableText, devices: readonly ViableDevice[]): void => {
  const seen = new Set<string>();
  for (const { group } of devices) {
    const [first] = group?.members ?? [];
    if (!group || !first || seen.has(first.device)) continue;
    seen.add(first.device);
    text.heading(`Group ${group.id ?? '?'}`);
    for (const member of group.members) text.member(member);
  }
};

const writeNeeds = (text: ViableText, { needs }: ViableReport, name: (device: string) => string): void => {
  if (needs.length === 0) return;
  text.heading('What else would have to be done');
  for (const { device, action, from } of needs) {
    const what = action === 'bind' ? 'bind to VFIO too, or leave without a driver' : 'leave without a driver';
    text.row(`  ${name(device)}  `, `${what}; now ${from ?? 'unknown'}`);
  }
};

/** Options of modprobe, over several lines where one does not suffice. @see modprobe.d(5) */
const optionsOf = (parameter: string, width: number): string => {
  const ids = parameter.slice(parameter.indexOf('=') + 1).split(',');
  const lines = ['options vfio-pci ids='];
  for (const [at, id] of ids.entries()) {
    const word = at === ids.length - 1 ? id : `${id},`;
    // Room for the mark that goes on.
    if ((lines.at(-1) ?? '').length + word.length < width) lines[lines.length - 1] += word;
    else lines.push(word);
  }
  return lines.join('\\\n');
};

/** The lines of a command that are too wide, broken where a shell allows it. */
const broken = (command: string, width: number): string =>
  command.length <= width ? command : command.replaceAll(' | ', ' |\n  ');

/** Names that are spelled out; the others are counted. */
const SHOWN = 8;

const list = (devices: readonly string[], name: (device: string) => string): string => {
  const more = devices.length > SHOWN ? ` and ${devices.length - SHOWN} more` : '';
  return `${devices.slice(0, SHOWN).map(name).join(', ')}${more}`;
};

const writeSetup = (text: ViableText, { setup }: ViableReport, name: (device: string) => string): void => {
  if (!setup) return;
  const { kernelParameter, sameIds, leftOut, commands, libvirt } = setup;
  if (kernelParameter !== null) {
    const fits = kernelParameter.length <= text.width;
    text.heading(`To copy: at boot, ${fits ? 'on the command line of the kernel' : 'in a file of /etc/modprobe.d'}`);
    if (sameIds.length > 0) text.row('# ', `Takes also what has one of these ids: ${list(sameIds, name)}.`);
    text.copy(fits ? kernelParameter : optionsOf(kernelParameter, text.width));
  }
  if (commands.length > 0) {
    text.heading('To copy: now, in a shell');
    for (const command of commands) text.copy(broken(command, text.width));
    if (leftOut.length > 0)
      text.row('# ', `Not here, because of the warnings: ${list(leftOut, name)}. Ask about it to have it here.`);
  }
  if (libvirt !== '') {
    text.heading('To copy: for libvirt');
    text.copy(libvirt);
  }
};

/** A report for people; every line ends with a newline. */
export const viableText = (report: ViableReport, running: RunningMachine, page: Page, style: DeviceStyle): string => {
  const text = new ViableText(page, style, running);
  const name = (device: string) => text.name(device);
  const { devices, together } = report;
  const [{ driver = 'vfio-pci' } = {}] = devices;
  const width = Math.max(...devices.map(({ device }) => name(device).length), devices.length > 1 ? 8 : 0);
  for (const device of devices) text.verdict(`${name(device.device).padEnd(width)}  `, device, device.driver);
  if (devices.length > 1) text.verdict(`${'together'.padEnd(width)}  `, together, driver);
  writeGroups(text, devices);
  if (together.reasons.length > 0) text.heading(devices.length > 1 ? 'Why, together' : 'Why');
  for (const reason of together.reasons) text.reason(reason);
  writeNeeds(text, report, name);
  writeSetup(text, report, name);
  return text.lines.map((line) => `${line}\n`).join('');
};
