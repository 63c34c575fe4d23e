import { IommuError, type Kernel } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { AcsFlag, acsStateOf, acsVerdict, isPciDevice, type PciDevice, PcieType, slotOf } from '@iommu/pci';
import type { CommandLineChange } from './change/change.js';
import { compareSides, computedSide, type WhatIfGroups } from './group-sides.js';
import type { DiagnosticReport } from './groups-report.js';
import { relationIn, type Trials } from './trials.js';
import { wayUp } from './way-up.js';

/**
 * What becomes of a transaction from one device to another: `direct`, past the IOMMU; `redirected`, to the root
 * complex, and so to the IOMMU; `unknown`, where the input, or any register, does not say.
 */
export type Route = 'direct' | 'redirected' | 'unknown';

/** A place at which ACS decides. */
export interface P2pStep {
  /** The function whose bits decide; `null`: none does. */
  readonly device: string | null;
  /** What that function does with the transaction, or what becomes of it where none decides. */
  readonly route: Route;
  /** Why, in a clause: `0000:02:00.0 has RR clear: it passes requests on to the other port`. */
  readonly text: string;
}

/** What it takes to let transactions pass, and what is lost by it, as tried on the model. */
export interface P2pClearing {
  /** For the kernel's command line, as a word of what-if. */
  readonly parameter: string;
  /** The two are in groups of their own even then, though nothing keeps them apart: Linux does not look across a switch. */
  readonly apart: boolean;
  /** Groups that are others then: what is lost of isolation. */
  readonly changed: readonly WhatIfGroups[];
  /** What the kernel's release makes of the parameter that its words do not say. */
  readonly notes: readonly DiagnosticReport[];
}

/** Where transactions between two devices go; `p2p.schema.json` of this package describes it. */
export interface P2pReport {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /** `Machine.name`, for people; `null`: the description has none. */
  readonly machine: string | null;
  /** The requester, its segment always written: `0000:01:00.0`. */
  readonly from: string;
  /** What the requester reads from or writes to. */
  readonly to: string;
  /** Where the ways of the two meet. */
  readonly meeting: 'device' | 'bus' | 'switch' | 'root-complex';
  /** The bridge below which they meet; `null`: none. */
  readonly below: string | null;
  /** Of reads and writes: decided, by RR, where `from` comes to where they meet. */
  readonly request: P2pStep;
  /** Of what is answered to reads: decided, by CR, where `to` does, so it may go another way than the request. */
  readonly completion: P2pStep;
  /** `null`: there is nothing to be cleared, or no parameter of this kernel does it. */
  readonly clearing: P2pClearing | null;
}

const { SV, RR, CR, UF, EC } = AcsFlag;

interface Meeting {
  readonly kind: P2pReport['meeting'];
  readonly below: PciDevice | undefined;
  /** The functions through which the first and the second come to where they meet. */
  readonly ports: readonly [PciDevice, PciDevice];
}

const isInside = (a: PciDevice, b: PciDevice): boolean => {
  const [one, other] = [a.physicalFunction ?? a, b.physicalFunction ?? b];
  return one === other || (one.pciBus === other.pciBus && slotOf(one.rid) === slotOf(other.rid));
};

/** @throws IommuError `ERR_USAGE` for one above the other. */
const meetingOf = (a: PciDevice, b: PciDevice): Meeting => {
  const [one, other] = [wayUp(a), wayUp(b)];
  const below = one.find((bridge) => other.includes(bridge));
  const ports = [one, other].map((way) => way[below ? way.indexOf(below) - 1 : way.length - 1]);
  const [first, second] = ports;
  if (!first || !second)
    throw new IommuError('ERR_USAGE', `${a.name} and ${b.name} are above one another; expected two devices`);
  const found = (kind: Meeting['kind']): Meeting => ({ kind, below, ports: [first, second] });
  if (first === a && second === b && isInside(a, b)) return found('device');
  if (below && (below.express === null || below.express === PcieType['pcie-to-pci-bridge'])) return found('bus');
  if (!below) return found('root-complex');
  return found(below.express === PcieType['upstream-port'] ? 'switch' : 'device');
};

/** What a port of a switch does with requests, or completions, that come in through it for another port. */
const portStep = (port: PciDevice, bit: typeof RR | typeof CR): P2pStep => {
  const [name, what] = bit === RR ? ['RR', 'requests'] : ['CR', 'completions'];
  const step = (route: Route, text: string): P2pStep => ({ device: port.name, route, text });
  const state = acsStateOf(port);
  if (state === null) {
    if (acsVerdict(port).basis === 'quirk' && acsVerdict(port).isolated)
      return step('unknown', `${port.name} has no ACS capability, and isolates in a way of its own`);
    return step('direct', `${port.name} has no ACS capability: it passes ${what} on to the other port`);
  }
  const { capability, control } = state ?? {};
  if (control === undefined || capability === undefined)
    return step('unknown', `ACS of ${port.name} is not in the input: capture as root`);
  if (control & capability & bit)
    return step('redirected', `${port.name} has ${name} set: it sends ${what} up to the root complex, to the IOMMU`);
  if (bit === RR && control & capability & EC)
    return step('unknown', `${port.name} has EC set: its egress control vector, which was not read, decides`);
  return step('direct', `${port.name} has ${name} clear: it passes ${what} on to the other port`);
};

/** Between ports of the root complex a bit that is set says no more than by which way. */
const platformStep = (port: PciDevice, bit: typeof RR | typeof CR): P2pStep => {
  const { capability = 0, control = 0 } = acsStateOf(port) ?? {};
  const way = control & capability & bit ? `; where it does, ${port.name} sends them through the IOMMU first` : '';
  const text = `they meet only in the root complex: whether it passes peer-to-peer transactions on is up to the platform, and no register says${way}`;
  return { device: port.name, route: 'unknown', text };
};

const SHARED = 'they share a conventional bus, on which each device hears every transaction: nothing can redirect it';

/** Inside one device only a bit that is set says where transactions go. */
const insideStep = (device: PciDevice, bit: typeof RR | typeof CR): P2pStep => {
  const { capability = 0, control = 0 } = acsStateOf(device) ?? {};
  if (control & capability & bit) return portStep(device, bit);
  const text = `${device.name} redirects nothing that is for another function of its device; whether the device passes it on inside is its own affair`;
  return { device: device.name, route: 'unknown', text };
};

const stepsAt = ({ kind, ports: [first, second] }: Meeting): readonly [P2pStep, P2pStep] => {
  if (kind === 'switch') return [portStep(first, RR), portStep(second, CR)];
  if (kind === 'device') return [insideStep(first, RR), insideStep(second, CR)];
  if (kind === 'root-complex') return [platformStep(first, RR), platformStep(second, CR)];
  const step: P2pStep = { device: null, route: 'direct', text: SHARED };
  return [step, step];
};

/** Flags of `config_acs=`, bit 0 the rightmost: redirection off, and what else isolates on, for `x` is firmware's value. */
const flagsFor = (capability: number): string =>
  Object.values(AcsFlag)
    .map((bit) => {
      if ((capability & bit) === 0) return 'x';
      return (bit & (RR | CR | EC)) !== 0 ? '0' : (bit & (SV | UF)) !== 0 ? '1' : 'x';
    })
    .reverse()
    .join('');

/**
 * The word that clears redirection at some ports.
 *
 * @see Linux v6.12 Documentation/admin-guide/kernel-parameters.txt, pci=config_acs=, pci=disable_acs_redir=
 */
const parameterFor = (kernel: Kernel, ports: readonly PciDevice[]): string | undefined => {
  if (kernel.has('6.11'))
    return `config_acs=${ports.map((port) => `${flagsFor(acsStateOf(port)?.capability ?? 0)}@${port.name}`).join(';')}`;
  return kernel.has('4.19') ? `disable_acs_redir=${ports.map(({ name }) => name).join(';')}` : undefined;
};

const note = (message: string): DiagnosticReport => ({ severity: 'warning', code: 'command-line', message });

/** What the release makes of the word that is not what it says. */
const releaseNotes = (kernel: Kernel): DiagnosticReport[] => {
  if (kernel.has('6.15')) return [];
  if (!kernel.has('6.11'))
    return [note('disable_acs_redir takes SV and UF back to what firmware had: state no more isolation than that')];
  return [
    note(
      'before 6.15, unless its fix was brought to this kernel, config_acs hears only the first device of a list, and 0 leaves a bit on that firmware had on',
    ),
  ];
};

const clearingFor = (trials: Trials, a: PciDevice, b: PciDevice, { ports }: Meeting): P2pClearing | null => {
  const { running } = trials.base;
  const redirecting = [...new Set(ports)].filter((port) => {
    const { capability = 0, control = 0 } = acsStateOf(port) ?? {};
    return (capability & control & (RR | CR | EC)) !== 0;
  });
  const parameter = redirecting.length > 0 ? parameterFor(running.kernel, redirecting) : undefined;
  if (parameter === undefined) return null;
  const change: CommandLineChange = { kind: 'command-line', words: `pci=${parameter}` };
  const trial = trials.of([change]);
  if (!trial) return null;
  const { changed } = compareSides(computedSide(running), computedSide(trial.running), trial.changed.addresses);
  const apart = relationIn(trial, a.name, b.name) === 'apart';
  return { parameter, apart, changed, notes: [...trial.changed.notes, ...releaseNotes(running.kernel)] };
};

const functionAt = (running: RunningMachine, name: string): PciDevice => {
  const device = running.device(name);
  if (isPciDevice(device)) return device;
  throw new IommuError('ERR_USAGE', `${name} is not on PCI; expected an address such as 0000:01:00.0`);
};

/**
 * Where a transaction from one device to another goes: past the IOMMU or to it, which port's ACS decides, and what
 * clearing it does to the groups.
 *
 * @param from - The requester; `to` is what it reads or writes.
 * @throws IommuError `ERR_DEVICE_UNKNOWN`; `ERR_USAGE` for a device twice, one above the other, or one that is not on PCI
 * @see PCI Express Base Specification, Access Control Services: ACS Functional Requirements, ACS Redirection of requests
 * and completions
 */
export const p2p = (trials: Trials, from: string, to: string): P2pReport => {
  const { running } = trials.base;
  const [a, b] = [functionAt(running, from), functionAt(running, to)];
  if (a === b) throw new IommuError('ERR_USAGE', `${a.name} twice; expected two devices`);
  const meeting = meetingOf(a, b);
  const [request, completion] = stepsAt(meeting);
  return {
    schema: 1,
    machine: running.machine.name ?? null,
    from: a.name,
    to: b.name,
    meeting: meeting.kind,
    below: meeting.below?.name ?? null,
    request,
    completion,
    clearing: meeting.kind === 'bus' ? null : clearingFor(trials, a, b, meeting),
  };
};
