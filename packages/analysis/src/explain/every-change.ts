import { compareVersions, formatVersion, KERNEL_RULES, type Machine, parseVersion } from '@iommu/machine';
import { AcsFlag, acsStateOf, isPciDevice, type PciDevice, PcieType, REQUIRED_ACS_FLAGS } from '@iommu/pci';
import type { Change, MoveChange, SwapChange } from '../change/change.js';
import { cardsOf } from '../change/places.js';
import type { Trial } from '../trials.js';

/** The newest release that the table of rules speaks of. */
const NEWEST_KERNEL: string = KERNEL_RULES.flatMap(({ from, until, unresolved = [] }) => [
  ...(from === undefined ? [] : [from]),
  ...(until === undefined ? [] : [until]),
  ...unresolved,
]).reduce((newest, one) => (isNewer(one, newest) ? one : newest), '3.6');

function isNewer(one: string, other: string): boolean {
  const [a, b] = [parseVersion(one), parseVersion(other)];
  return a !== undefined && b !== undefined && compareVersions(a, b) > 0;
}

/** Kinds for which Linux looks at ACS at all. */
const WITH_ACS: readonly (number | null | undefined)[] = [
  PcieType.endpoint,
  PcieType['legacy-endpoint'],
  PcieType['root-port'],
  PcieType['upstream-port'],
  PcieType['downstream-port'],
  PcieType['rc-endpoint'],
];

/** Whether ACS of a function could make a difference. */
export const mayHaveAcs = ({ express, isVirtualFunction }: PciDevice): boolean =>
  !isVirtualFunction && (express === undefined || WITH_ACS.includes(express));

/** Flags of `config_acs=` that set, or clear, all that isolation needs of what a capability advertises. */
const configWord = (capability: number, on: boolean): string =>
  Object.values(AcsFlag)
    .map((bit) => ((capability & REQUIRED_ACS_FLAGS & bit) === 0 ? 'x' : on ? '1' : '0'))
    .reverse()
    .join('');

/** The word of the command line that switches ACS of a function on; `undefined`: nothing is there to be switched. */
export const configAcsOf = (device: PciDevice, name: string, on = true): Change | undefined => {
  const { kernel } = device.topology.settings;
  const capability = acsStateOf(device)?.capability ?? 0;
  if (!kernel.has('6.11') || (capability & REQUIRED_ACS_FLAGS) === 0) return undefined;
  return { kind: 'command-line', words: `pci=config_acs=${configWord(capability, on)}@${name}` };
};

/** A newer release, where there is one. */
export const newerKernels = ({ running }: Trial): Change[] => {
  const { version } = running.kernel;
  const newest = parseVersion(NEWEST_KERNEL);
  const isOlder = version !== undefined && newest !== undefined && compareVersions(version, newest) < 0;
  return isOlder ? [{ kind: 'kernel', release: NEWEST_KERNEL }] : [];
};

/** Another boot of a kernel with the same rules, after which ACS bits are what it makes of them. */
export const sameKernel = ({ running }: Trial): Change[] => {
  const { version, release } = running.kernel;
  if (!version) return [];
  const bare = formatVersion(version);
  return [{ kind: 'kernel', release: bare === release ? `${bare}.0` : bare }];
};

const moves = (machine: Machine): MoveChange[] => cardsOf(machine).flatMap((card) => card.moves);

/** Every two cards, whether or not they fit. */
const swaps = (machine: Machine): SwapChange[] => {
  const cards = cardsOf(machine).flatMap(({ functions: [first] }) => first ?? []);
  return cards.flatMap((device, at) =>
    cards.slice(at + 1).map((other) => ({ kind: 'swap' as const, device, with: other })),
  );
};

/**
 * Every single change of the model that leaves a machine's hardware what it is: ACS of each function on and off, by
 * firmware and by the command line; every card in every other place; a newer kernel. What only claims to isolate is not
 * among them.
 */
export const everyChange = (base: Trial): Change[] => {
  const { machine, devices } = base.running;
  const functions = devices.filter(isPciDevice).filter(mayHaveAcs);
  return [
    ...[true, false].flatMap((on) => functions.map(({ name }) => ({ kind: 'acs' as const, device: name, on }))),
    ...[true, false].flatMap((on) => functions.flatMap((device) => configAcsOf(device, device.name, on) ?? [])),
    ...moves(machine),
    ...swaps(machine),
    ...newerKernels(base),
  ];
};
