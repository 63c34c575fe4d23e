import { formatVersion, NEWEST_RELEASE } from '@iommu/machine';
import { AcsFlag, acsStateOf, isPciDevice, type PciDevice, PcieType, REQUIRED_ACS_FLAGS } from '@iommu/pci';
import type { Change, SwapChange } from '../change/change.js';
import type { PluggedCard } from '../change/places.js';
import type { Trial, Trials } from '../trials.js';

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
export const newerKernels = ({ running }: Trial): Change[] =>
  running.kernel.has(NEWEST_RELEASE) ? [] : [{ kind: 'kernel', release: NEWEST_RELEASE }];

/** Another boot of a kernel with the same rules, after which ACS bits are what it makes of them. */
export const sameKernel = ({ running }: Trial): Change[] => {
  const { version, release } = running.kernel;
  if (!version) return [];
  const bare = formatVersion(version);
  return [{ kind: 'kernel', release: bare === release ? `${bare}.0` : bare }];
};

/** Whether a change of some functions is to be listed. */
type Choice = (functions: readonly string[]) => boolean;

/** Every two cards, whether or not they fit. */
const swaps = (cards: readonly PluggedCard[], isChosen: Choice): SwapChange[] =>
  cards.flatMap(({ functions }, at) =>
    cards.slice(at + 1).flatMap((other): SwapChange[] => {
      const [device, second] = [functions[0], other.functions[0]];
      if (device === undefined || second === undefined || !isChosen([...functions, ...other.functions])) return [];
      return [{ kind: 'swap', device, with: second }];
    }),
  );

const known = new WeakMap<Trials, readonly Change[]>();

/**
 * Every single change of the model that leaves a machine's hardware what it is: ACS of each function on and off, by
 * firmware and by the command line; every card in every other place; a newer kernel. What only claims to isolate is not
 * among them.
 */
export const everyChange = (trials: Trials): readonly Change[] => {
  const found = known.get(trials) ?? listed(trials, () => true);
  known.set(trials, found);
  return found;
};

/** Those of {@link everyChange} that change something of some functions. @param concerned - Names. */
export const everyChangeOf = (trials: Trials, concerned: ReadonlySet<string>): readonly Change[] =>
  listed(trials, (functions) => functions.some((name) => concerned.has(name)));

const listed = ({ base, cards }: Trials, isChosen: Choice): readonly Change[] => {
  const functions = base.running.devices.filter(isPciDevice).filter(mayHaveAcs);
  const chosen = functions.filter(({ name }) => isChosen([name]));
  return [
    ...[true, false].flatMap((on) => chosen.map(({ name }) => ({ kind: 'acs' as const, device: name, on }))),
    ...[true, false].flatMap((on) => chosen.flatMap((device) => configAcsOf(device, device.name, on) ?? [])),
    ...cards.flatMap((card) => (isChosen(card.functions) ? card.moves : [])),
    ...swaps(cards, isChosen),
    ...newerKernels(base),
  ];
};
