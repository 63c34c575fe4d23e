import { AcsFlag, REQUIRED_ACS_FLAGS } from './acs-flags.js';
import { configAcs, disablesAcsRedirect } from './acs-parameters.js';
import type { PciDevice } from './pci-device.js';
import { isIntelSptPort } from './quirks/acs-quirks.js';

/** An ACS capability as grouping uses it. */
export interface AcsState {
  /** In both, `undefined` is unknown. */
  readonly capability: number | undefined;
  /** After the kernel's enabling, so not always what was read: this is what `acsVerdict()` weighs. */
  readonly control: number | undefined;
  /** The registers are the 32-bit ones of a Sunrise Point root port. */
  readonly dwords: boolean;
}

const { SV, RR, CR, EC } = AcsFlag;

/** The release that reads the 32-bit registers. @see Linux v4.7 drivers/pci/quirks.c pci_quirk_intel_spt_pch_acs() */
export const INTEL_SPT_SINCE = '4.7';

/** Two IDT switches advertise Source Validation and break with it. @see Linux v7.0 drivers/pci/quirks.c pci_disable_broken_acs_cap() */
const BROKEN_SV = new Set([0x111d80b5, 0x111d8090]);

const registersOf = (device: PciDevice): AcsState | null | undefined => {
  const { acs, vendor = 0, device: id = 0 } = device.facts;
  if (!acs) return acs;
  const { kernel } = device.topology.settings;
  if (isIntelSptPort(device) && kernel.has(INTEL_SPT_SINCE)) {
    // Text dumps decode these registers at the wrong place: the capability can be trusted, the control cannot.
    return acs.dwords
      ? { ...acs.dwords, dwords: true }
      : { capability: acs.capability, control: undefined, dwords: true };
  }
  const broken = BROKEN_SV.has(vendor * 0x10000 + id) && kernel.rule('acs-broken-sv') === 'masked';
  const capability = acs.capability === undefined ? undefined : acs.capability & ~(broken ? SV : 0);
  return { capability, control: acs.control, dwords: false };
};

/** Whether the kernel switches ACS on when it finds the function. */
const isRequested = ({ topology, arrival, isVirtualFunction }: PciDevice): boolean => {
  const { acsRequested, acsLate } = topology.settings;
  if (!acsRequested || acsLate === undefined || isVirtualFunction || arrival === 'hot-plug') return acsRequested;
  return acsLate === 'after-first' && arrival !== 'first';
};

/**
 * What the kernel's enabling makes of the control bits that firmware left.
 *
 * @see Linux v6.12 drivers/pci/pci.c pci_enable_acs(), pci_std_enable_acs(), __pci_config_acs()
 */
const enabled = (device: PciDevice, { capability, control: firmware, dwords }: AcsState): number | undefined => {
  const { kernel } = device.topology.settings;
  // Of a capability that was not read, whatever it advertises of these gets set.
  const wanted = (capability ?? REQUIRED_ACS_FLAGS) & REQUIRED_ACS_FLAGS;
  let control = isRequested(device) ? (firmware ?? 0) | wanted : firmware;
  if (disablesAcsRedirect(device, kernel)) control = ((dwords ? control : firmware) ?? 0) & ~(RR | CR | EC);
  // What follows writes the word register, which is not the one that such a port obeys.
  if (dwords) return control;
  const stated = configAcs(device, kernel);
  if (!stated) return control;
  const decided = firmware !== undefined || (stated.mask & wanted) === wanted;
  return decided ? ((firmware ?? 0) & ~stated.mask) | (stated.flags & stated.mask) : undefined;
};

/**
 * The ACS capability as the kernel has it when groups form; `null` none, `undefined` unknown.
 *
 * Bits read after the boot in question are the answer. Bits read before it, or at an unknown time, go through the
 * kernel's enabling first, which changes nothing that it did already.
 */
export const acsStateOf = (device: PciDevice): AcsState | null | undefined => {
  const state = registersOf(device);
  if (!state) return state;
  const { acsRead, acsRequested, acsReadElsewhere } = device.topology.settings;
  // Left as firmware had it: which is known only of bits that nobody switched on.
  if (acsRequested && acsReadElsewhere && !isRequested(device)) {
    const clear = ((state.control ?? 0) & REQUIRED_ACS_FLAGS) === 0;
    return { ...state, control: clear ? state.control : undefined };
  }
  if (acsRead !== 'after-boot') return { ...state, control: enabled(device, state) };
  if (state.control !== undefined || !isRequested(device)) return state;
  return { ...state, control: enabled(device, state) };
};
