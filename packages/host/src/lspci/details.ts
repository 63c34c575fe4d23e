import { AcsFlag, formatAcsFlags, type PcieTypeName } from '@iommu/pci';

/** What the text below a device's first line says. In every member `undefined` is unknown, `null` known to be absent. */
export interface DeviceDetails {
  /** Anything of `-v` and above was printed. */
  readonly verbose: boolean;
  /** The capability list was not readable. */
  readonly denied: boolean;
  /** The header was unreadable: nothing else of the device can be trusted. */
  readonly broken: boolean;
  readonly hasCapabilityLine: boolean;
  /** Some capability above byte 255 was printed. */
  readonly hasExtended: boolean;
  readonly capabilityList: boolean | undefined;
  /** `undefined`: the capability is there, but the text does not say of what kind; `null`: none was printed. */
  readonly express: PcieTypeName | null | undefined;
  /** `capability` and `control` are absent where only the name was printed. */
  readonly acs: { readonly capability?: string; readonly control?: string } | undefined;
  readonly secondaryBus: number | undefined;
  readonly subordinateBus: number | undefined;
  readonly subsystem: string | undefined;
  readonly sriov: { readonly numVfs: number; readonly offset: number; readonly stride: number } | undefined;
  readonly group: number | undefined;
  readonly driver: string | undefined;
  readonly irq: string | undefined;
  readonly numaNode: string | undefined;
}

const CAPABILITY = /Capabilities: \[([0-9a-f]{2,3})(?: v\d+)?\] /gi;
const EXPRESS =
  /^Express (?:\(v\d+\) )?(PCI-Express to PCI\/PCI-X Bridge|PCI\/PCI-X to PCI-Express Bridge|Root Complex Integrated Endpoint|Root Complex Event Collector|Legacy Endpoint|Root Port|Upstream Port|Downstream Port|Endpoint)/i;
const EXPRESS_TYPES: Readonly<Record<string, PcieTypeName>> = {
  endpoint: 'endpoint',
  'legacy endpoint': 'legacy-endpoint',
  'root port': 'root-port',
  'upstream port': 'upstream-port',
  'downstream port': 'downstream-port',
  'pci-express to pci/pci-x bridge': 'pcie-to-pci-bridge',
  'pci/pci-x to pci-express bridge': 'pci-to-pcie-bridge',
  'root complex integrated endpoint': 'rc-endpoint',
  'root complex event collector': 'rc-event-collector',
};

/** The ids follow the names, or stand in their place; what is further away is not of this line. */
const SUBSYSTEM = /Subsystem: (?:[^[]|\[(?![0-9a-f]{4}:[0-9a-f]{4}\])){0,200}?\[?([0-9a-f]{4}):([0-9a-f]{4})\]?/i;

/** lspci's spelling of the flags, in register order. */
const ACS_NAMES: readonly (readonly [string, number])[] = [
  ['SrcValid', AcsFlag.SV],
  ['TransBlk', AcsFlag.TB],
  ['ReqRedir', AcsFlag.RR],
  ['CmpltRedir', AcsFlag.CR],
  ['UpstreamFwd', AcsFlag.UF],
  ['EgressCtrl', AcsFlag.EC],
  ['DirectTrans', AcsFlag.DT],
];

const acsFlags = (text: string, key: string): string | undefined => {
  const list = new RegExp(`${key}:? ?((?:[A-Za-z]+[+-] ?)+)`).exec(text)?.[1];
  // A line that was cut tells nothing of the flags that are not there any more.
  if (list === undefined || !/UpstreamFwd[+-]/.test(list)) return undefined;
  let bits = 0;
  for (const [name, bit] of ACS_NAMES) if (list.includes(`${name}+`)) bits |= bit;
  return formatAcsFlags(bits);
};

const parseAcs = (text: string): DeviceDetails['acs'] => {
  const capability = acsFlags(text, 'ACSCap');
  const control = acsFlags(text, 'ACSCtl');
  return { ...(capability !== undefined && { capability }), ...(control !== undefined && { control }) };
};

const parseSriov = (text: string): DeviceDetails['sriov'] => {
  const vfs = /Number of VFs: (\d+)/.exec(text)?.[1];
  const place = /VF offset: (\d+), stride: (\d+)/.exec(text);
  if (vfs === undefined || !place || /IOVCtl: Enable-/.test(text)) return undefined;
  return { numVfs: Number(vfs), offset: Number(place[1]), stride: Number(place[2]) };
};

/** The capabilities of a device: where each starts, and the text up to the next. */
const capabilities = (body: string): { offset: number; text: string }[] => {
  const starts = [...body.matchAll(CAPABILITY)];
  return starts.map((match, at) => ({
    offset: Number.parseInt(match[1] ?? '', 16),
    text: body.slice(match.index + match[0].length, starts[at + 1]?.index),
  }));
};

/** @param body - Everything below the first line, with single blanks. */
export const parseDetails = (body: string): DeviceDetails => {
  const list = capabilities(body);
  const find = (name: string, extended: boolean) =>
    list.find(({ offset, text }) => offset >= 0x100 === extended && text.startsWith(name))?.text;
  const express = find('Express', false);
  const acs = find('Access Control Services', true);
  const sriov = find('Single Root I/O Virtualization', true);
  const bus = /Bus: primary=[0-9a-f]{2}, ?secondary=([0-9a-f]{2}), ?subordinate=([0-9a-f]{2})/i.exec(body);
  const status = /Status: Cap([+-])/.exec(body)?.[1];
  const subsystem = SUBSYSTEM.exec(body);
  // A kernel's log below the dump says `Adding to iommu group 1`.
  const group = /(?<!(?:to|from) )IOMMU group:? (\d+)/i.exec(body)?.[1];
  return {
    verbose: /(?:Flags|Control|Status|Capabilities|Latency|Memory at|Region \d): /.test(body) || list.length > 0,
    denied: /Capabilities: <access denied>/i.test(body),
    broken: /!!! (?:Unknown header type|Header type)/i.test(body),
    hasCapabilityLine: list.length > 0,
    hasExtended: list.some(({ offset }) => offset >= 0x100),
    capabilityList: status === undefined ? undefined : status === '+',
    express: express === undefined ? null : EXPRESS_TYPES[EXPRESS.exec(express)?.[1]?.toLowerCase() ?? ''],
    acs: acs === undefined ? undefined : parseAcs(acs),
    secondaryBus: bus ? Number.parseInt(bus[1] ?? '', 16) : undefined,
    subordinateBus: bus ? Number.parseInt(bus[2] ?? '', 16) : undefined,
    subsystem: subsystem ? `${subsystem[1]}:${subsystem[2]}`.toLowerCase() : undefined,
    sriov: sriov === undefined ? undefined : parseSriov(sriov),
    group: group === undefined ? undefined : Number(group),
    driver: /Kernel driver in use: (\S+)/.exec(body)?.[1],
    irq: /(?:routed to|Flags:[^:]{0,200}?,) IRQ (\d+)/.exec(body)?.[1],
    numaNode: /NUMA node:? (\d+)/.exec(body)?.[1],
  };
};
