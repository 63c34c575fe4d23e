import { acsStateOf, INTEL_SPT_SINCE } from './acs-control.js';
import { AcsFlag, REQUIRED_ACS_FLAGS } from './acs-flags.js';
import { isAcsOverridden } from './acs-override.js';
import { PcieType } from './express.js';
import type { PciDevice } from './pci-device.js';
import type { AcsQuirkName } from './quirks/acs-quirk-rows.js';
import { acsQuirk, mayHaveAcsQuirk } from './quirks/acs-quirks.js';

/**
 * How it was decided whether a function isolates:
 * - `quirk`: the quirk table answered;
 * - `flags`: the ACS capability's control bits were weighed;
 * - `no-capability`: its kind needs ACS and it has none;
 * - `conventional`: not PCI Express;
 * - `bridge`: a bridge to or from PCI, or an event collector: never isolates;
 * - `single-function`: one function that is no port has nothing to redirect;
 * - `other-type`: a reserved type;
 * - `override`: it has no ACS, and the patch `pcie_acs_override` has Linux believe that it isolates;
 * - `unknown`: the input does not hold what decides.
 */
export type AcsBasis =
  | 'quirk'
  | 'flags'
  | 'no-capability'
  | 'conventional'
  | 'bridge'
  | 'single-function'
  | 'other-type'
  | 'override'
  | 'unknown';

/** Whether one function provides the ACS flags that Linux requires, with the evidence. */
export interface AcsVerdict {
  /** Live; the verdict holds until its topology changes (`PciTopology.epoch`). */
  readonly device: PciDevice;
  /** Where `basis` is `unknown`, what `PciSettings.unknown` has it be. */
  readonly isolated: boolean;
  /** `quirk` also where the 32-bit registers of a Sunrise Point root port were weighed. */
  readonly basis: AcsBasis;
  /** The quirk function consulted last, if it answered. */
  readonly quirk: AcsQuirkName | undefined;
  /** The release that brought the table's row for that quirk. */
  readonly quirkSince: string | undefined;
  /** The ACS registers weighed, if there are any. */
  readonly capability: number | undefined;
  /** Bits of `AcsFlag` after the kernel's enabling; `undefined`: not weighed, or not known. */
  readonly control: number | undefined;
  /** Flags that had to be set: those required that are advertised; 0 where flags did not decide. */
  readonly needed: number;
  /** Of these, the ones that are not set. */
  readonly missing: number;
  /** What the input does not hold: `ACS capability of 0000:00:1c.0`. The answer was supposed. */
  readonly unknown: string | undefined;
}

/** A path of bridges from one up to the root bus. */
export interface AcsPath {
  /** The verdict on each, the lowest first. */
  readonly verdicts: readonly AcsVerdict[];
  /** The first that fails, from below; `undefined`: all pass. */
  readonly failing: AcsVerdict | undefined;
}

const refresh = (device: PciDevice): void => {
  if (device.epoch === device.topology.epoch) return;
  device.epoch = device.topology.epoch;
  device.verdict = undefined;
  device.path_ = undefined;
};

/**
 * Whether a function isolates: every required flag that it advertises is set, or its kind or a quirk says so.
 *
 * @see Linux v7.0 drivers/pci/pci.c pci_acs_enabled(), pci_acs_flags_enabled()
 */
export const acsVerdict = (device: PciDevice): AcsVerdict => {
  refresh(device);
  device.verdict ??= judge(device);
  return device.verdict;
};

type Parts = Partial<Omit<AcsVerdict, 'device' | 'basis' | 'isolated'>>;

const verdict = (device: PciDevice, basis: AcsBasis, isolated: boolean, parts: Parts = {}): AcsVerdict => ({
  device,
  isolated,
  basis,
  quirk: parts.quirk,
  quirkSince: parts.quirkSince,
  capability: parts.capability,
  control: parts.control,
  needed: parts.needed ?? 0,
  missing: parts.missing ?? 0,
  unknown: parts.unknown,
});

const supposed = (device: PciDevice, what: string, parts: Parts = {}): AcsVerdict =>
  verdict(device, 'unknown', device.topology.settings.unknown === 'optimistic', {
    ...parts,
    unknown: `${what} of ${device.name}`,
  });

const judge = (device: PciDevice): AcsVerdict => {
  const { settings } = device.topology;
  const quirk = acsQuirk(device, REQUIRED_ACS_FLAGS, settings);
  const consulted = quirk && { quirk: quirk.name, quirkSince: quirk.since };
  if (quirk?.isolated === 'unknown') return supposed(device, 'device id', consulted);
  if (quirk) return verdict(device, 'quirk', quirk.isolated, consulted);
  const plain = judgeByKind(device);
  if (plain.isolated || plain.unknown) return plain;
  if (isAcsOverridden(device)) return verdict(device, 'override', true);
  return mayHaveAcsQuirk(device) ? supposed(device, 'device id') : plain;
};

const judgeByKind = (device: PciDevice): AcsVerdict => {
  const { express } = device;
  if (express === undefined) return judgeUnknownKind(device);
  if (express === null) return verdict(device, 'conventional', false);
  switch (express) {
    case PcieType['pcie-to-pci-bridge']:
    case PcieType['pci-to-pcie-bridge']:
    case PcieType['rc-event-collector']:
      return verdict(device, 'bridge', false);
    case PcieType['root-port']:
    case PcieType['downstream-port']:
      return judgeFlags(device);
    case PcieType.endpoint:
    case PcieType['legacy-endpoint']:
    case PcieType['upstream-port']:
    case PcieType['rc-endpoint']:
      return device.multifunction ? judgeFlags(device) : verdict(device, 'single-function', true);
    default:
      return verdict(device, 'other-type', true);
  }
};

/** The capability list was not read: the ACS capability may still have been, by whoever wrote the dump. */
const judgeUnknownKind = (device: PciDevice): AcsVerdict =>
  device.facts.acs ? judgeFlags(device) : supposed(device, 'capability list');

const SPT_QUIRK = { quirk: 'pci_quirk_intel_spt_pch_acs', quirkSince: INTEL_SPT_SINCE } as const;

const judgeFlags = (device: PciDevice): AcsVerdict => {
  const acs = acsStateOf(device);
  if (acs === undefined) return supposed(device, 'ACS capability');
  if (acs === null)
    return verdict(device, 'no-capability', false, { needed: REQUIRED_ACS_FLAGS, missing: REQUIRED_ACS_FLAGS });
  const { capability, control } = acs;
  const needed = REQUIRED_ACS_FLAGS & ((capability ?? REQUIRED_ACS_FLAGS) | AcsFlag.EC);
  if (control === undefined && needed !== 0) return supposed(device, 'ACS control', { capability, needed });
  const missing = needed & ~(control ?? 0);
  const quirk = acs.dwords ? SPT_QUIRK : undefined;
  return verdict(device, quirk ? 'quirk' : 'flags', missing === 0, { capability, control, needed, missing, ...quirk });
};

/**
 * The path from a bridge up to the root bus: it isolates if every bridge on it does.
 *
 * @see Linux v7.0 drivers/pci/pci.c pci_acs_path_enabled()
 */
export const acsPath = (bridge: PciDevice): AcsPath => {
  refresh(bridge);
  if (!bridge.path_) {
    const own = acsVerdict(bridge);
    const next = bridgeAbove(bridge);
    const above = next && acsPath(next);
    bridge.path_ = {
      verdicts: [own].concat(above?.verdicts ?? []),
      failing: own.isolated ? above?.failing : own,
    };
  }
  return bridge.path_;
};

/** The next bridge on the way to the root bus, past virtual buses. */
export const bridgeAbove = (device: PciDevice): PciDevice | undefined => {
  for (let bus = device.pciBus; bus.parent; bus = bus.parent) if (bus.self) return bus.self;
  return undefined;
};
