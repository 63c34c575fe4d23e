import { type Bytes, type Machine, parseCommandLine, type RunningMachine, toBytes } from '@iommu/machine';
import {
  type AcsState,
  acsStateOf,
  acsVerdict,
  formatAcsFlags,
  type PciDevice,
  REQUIRED_ACS_FLAGS,
  slotOf,
} from '@iommu/pci';
import type { MatchedDevice, Matching } from './match-devices.js';
import { DEVICE_TREE } from './mixed-machine.js';

/** Something besides groups in which two dumps differ. */
export interface Difference {
  /**
   * `added`, `removed`, `moved`, `replaced`: cards or functions of the board. `virtual-functions`: how many a physical
   * function has. `acs`: bits that neither the kernel nor its command line explain. `drivers`: which were probed.
   */
  readonly kind:
    | 'kernel'
    | 'command-line'
    | 'firmware-table'
    | 'iommu-registers'
    | 'acs'
    | 'added'
    | 'removed'
    | 'moved'
    | 'replaced'
    | 'virtual-functions'
    | 'drivers';
  /** The devices concerned, addresses of that side. */
  readonly devices: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** What is there on either side; `null`: nothing. Of a command line only the words that the other has not. */
  readonly before: string | null;
  /**
   * In the same form, by kind: `6.12.5`; words; `DMAR, 136 bytes`; `capability SV RR CR UF, control none`; addresses,
   * blanks between; how many virtual functions.
   */
  readonly after: string | null;
}

const NO_DEVICES: Difference['devices'] = { before: [], after: [] };

/** What two machines say of one thing, where both say something and it is not the same. */
const plain = (kind: Difference['kind'], before: string | undefined, after: string | undefined): Difference[] =>
  before === undefined || after === undefined || before === after ? [] : [{ kind, devices: NO_DEVICES, before, after }];

const wordsOf = (commandLine: string): string[] =>
  parseCommandLine(commandLine).map(({ name, value }) => (value === undefined ? name : `${name}=${value}`));

/** Words of one list that are not in the other, each as often as it is there once more. */
const without = (words: readonly string[], others: readonly string[]): string[] => {
  const left = [...others];
  return words.filter((word) => {
    const at = left.indexOf(word);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
};

const commandLines = ({ kernel: a }: Machine, { kernel: b }: Machine): Difference[] => {
  if (a?.commandLine === undefined || b?.commandLine === undefined) return [];
  const [before, after] = [wordsOf(a.commandLine), wordsOf(b.commandLine)];
  const [gone, come] = [without(before, after), without(after, before)];
  if (gone.length + come.length === 0) {
    const isSameOrder = before.join(' ') === after.join(' ');
    return isSameOrder ? [] : plain('command-line', before.join(' '), after.join(' '));
  }
  return [
    {
      kind: 'command-line',
      devices: NO_DEVICES,
      before: gone.length > 0 ? gone.join(' ') : null,
      after: come.length > 0 ? come.join(' ') : null,
    },
  ];
};

/** Releases, of machines that say more of their kernel than the other only what both say. */
export const kernelDifferences = (a: Machine, b: Machine): Difference[] => [
  ...plain('kernel', a.kernel?.release, b.kernel?.release),
  ...commandLines(a, b),
];

/** The tables of a machine by name; `undefined`: nobody looked. */
export const tablesOf = ({ firmware }: Machine): ReadonlyMap<string, Bytes> | undefined =>
  firmware &&
  new Map([
    ...Object.entries(firmware.acpi ?? {}),
    ...(firmware.deviceTree === undefined ? [] : [[DEVICE_TREE, firmware.deviceTree] as const]),
  ]);

export const isSameTable = (name: string, a: Bytes | undefined, b: Bytes | undefined): boolean => {
  if (a === undefined || b === undefined) return a === b;
  const [one, two] = [toBytes(a, name), toBytes(b, name)];
  return one.length === two.length && one.every((byte, at) => byte === two[at]);
};

const tableText = (name: string, bytes: Bytes | undefined): string | null =>
  bytes === undefined ? null : `${name}, ${toBytes(bytes, name).length} bytes`;

export const tableDifference = (name: string, a: Bytes | undefined, b: Bytes | undefined): Difference => ({
  kind: 'firmware-table',
  devices: NO_DEVICES,
  before: tableText(name, a),
  after: tableText(name, b),
});

const flags = (bits: number | undefined): string => (bits === undefined ? 'unread' : formatAcsFlags(bits) || 'none');

const acsText = (state: AcsState | null): string | null =>
  state && `capability ${flags(state.capability)}, control ${flags(state.control)}`;

/** Whether bits of one register that isolation needs are known to be others. */
const isOther = (one: number | undefined, other: number | undefined): boolean =>
  one !== undefined && other !== undefined && ((one ^ other) & REQUIRED_ACS_FLAGS) !== 0;

/**
 * Whether a function's ACS is another on two machines that have the same functions.
 *
 * @param isSameBoot - Nothing but the bits can differ. Else, control bits that a kernel has left to firmware are not known
 * exactly, and only what follows from them counts: whether the function isolates.
 */
export const hasOtherAcs = (a: RunningMachine, b: RunningMachine, name: string, isSameBoot: boolean): boolean => {
  const [one, other] = [a.topology.find(name), b.topology.find(name)];
  const [state, stateThere] = [one && acsStateOf(one), other && acsStateOf(other)];
  if (!one || !other || state === undefined || stateThere === undefined || state === stateThere) return false;
  if (state === null || stateThere === null || isOther(state.capability, stateThere.capability)) return true;
  if (!isOther(state.control, stateThere.control)) return false;
  return isSameBoot || acsVerdict(one).isolated !== acsVerdict(other).isolated;
};

export const acsDifference = (a: RunningMachine, b: RunningMachine, { before, after }: MatchedDevice): Difference => {
  const text = (running: RunningMachine, name: string): string | null => {
    const device = running.topology.find(name);
    return device ? acsText(acsStateOf(device) ?? null) : null;
  };
  return { kind: 'acs', devices: { before: [before], after: [after] }, before: text(a, before), after: text(b, after) };
};

const slotKey = ({ segment, pciBus, rid }: PciDevice): string => `${segment} ${pciBus.number} ${slotOf(rid)}`;

/** Functions of one slot come and go as one. */
const bySlot = <T>(list: readonly T[], keyOf: (one: T) => string): T[][] => {
  const slots = new Map<string, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    slots.set(key, [...(slots.get(key) ?? []), one]);
  }
  return [...slots.values()];
};

const join = (names: readonly string[]): string => names.join(' ');

/** What came, or went, with nothing above that did so too. */
const alone = (running: RunningMachine, names: ReadonlySet<string>): PciDevice[] =>
  running.topology.devices.filter(
    ({ name, pciBus, physicalFunction }) =>
      names.has(name) &&
      !physicalFunction &&
      !names.has(pciBus.self?.name ?? '') &&
      !names.has(pciBus.host?.name ?? ''),
  );

const virtualFunctions = (a: RunningMachine, b: RunningMachine, names: ReadonlyMap<string, string>): Difference[] => {
  const count = (running: RunningMachine): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const { physicalFunction } of running.topology.devices)
      if (physicalFunction) counts.set(physicalFunction.name, (counts.get(physicalFunction.name) ?? 0) + 1);
    return counts;
  };
  const [before, after] = [count(a), count(b)];
  return [...names].flatMap(([was, now]): Difference[] => {
    const [old, fresh] = [before.get(was) ?? 0, after.get(now) ?? 0];
    const devices = { before: [was], after: [now] };
    return old === fresh ? [] : [{ kind: 'virtual-functions', devices, before: `${old}`, after: `${fresh}` }];
  });
};

/** Devices that came, went, or are elsewhere. */
export const hardwareDifferences = (a: RunningMachine, b: RunningMachine, matching: Matching): Difference[] => {
  const { names, moved, replaced } = matching;
  const there = new Set(names.values());
  const gone = new Set(a.topology.devices.map(({ name }) => name).filter((name) => !names.has(name)));
  const come = new Set(b.topology.devices.map(({ name }) => name).filter((name) => !there.has(name)));
  const pairs = (kind: 'moved' | 'replaced', list: readonly MatchedDevice[]): Difference[] =>
    bySlot(list, (one) => `${slotOn(a, one.before)} ${slotOn(b, one.after)}`).map((functions) => {
      const devices = { before: functions.map(({ before }) => before), after: functions.map(({ after }) => after) };
      return { kind, devices, before: join(devices.before), after: join(devices.after) };
    });
  const slotOn = (running: RunningMachine, name: string): string => {
    const device = running.topology.find(name);
    return device ? slotKey(device) : name;
  };
  const nameOf = ({ name }: PciDevice): string => name;
  return [
    ...bySlot(alone(a, gone), slotKey).map((functions): Difference => {
      const before = functions.map(nameOf);
      return { kind: 'removed', devices: { before, after: [] }, before: join(before), after: null };
    }),
    ...bySlot(alone(b, come), slotKey).map((functions): Difference => {
      const after = functions.map(nameOf);
      return { kind: 'added', devices: { before: [], after }, before: null, after: join(after) };
    }),
    ...pairs(
      'moved',
      moved.filter(({ before }) => !a.topology.find(before)?.physicalFunction),
    ),
    ...pairs('replaced', replaced),
    ...virtualFunctions(a, b, names),
  ];
};
