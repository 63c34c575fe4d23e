import type { Kernel } from '@iommu/core';
import { AcsFlag, REQUIRED_ACS_FLAGS } from '../acs-flags.js';
import { PcieType } from '../express.js';
import type { PciDevice } from '../pci-device.js';
import {
  CAVIUM_PORT_RANGES,
  INTEL_PCH_PORTS,
  INTEL_SPT_PORT_RANGES,
  type Range,
  WANGXUN_RANGES,
  ZHAOXIN_PORT_RANGES,
} from './acs-quirk-ids.js';
import { ACS_QUIRKS, type AcsQuirkName, type AcsQuirkRow, ANY_DEVICE } from './acs-quirk-rows.js';

/** What a quirk needs besides the device. */
export interface AcsQuirkInput {
  readonly kernel: Kernel;
  /** Whether the machine has an IVRS table. */
  readonly ivrs: boolean;
  /** Whether the kernel ran its ACS enabling, so that a workaround could take. */
  readonly acsRequested: boolean;
}

/** `undefined`: no opinion, the next row decides. `unknown`: the device id would decide, and was not read. */
type Answer = boolean | 'unknown' | undefined;
type Judge = (device: PciDevice, flags: number, input: AcsQuirkInput) => Answer;

const { SV, TB, RR, CR, UF, EC, DT } = AcsFlag;

/** Whether every requested flag is among those that the hardware provides without saying so. */
const within = (provided: number, flags: number): boolean => (flags & ~provided) === 0;

const inRanges = ({ facts, topology }: PciDevice, ranges: readonly Range[]): boolean => {
  const id = facts.device ?? -1;
  return ranges.some(
    ([first, last, since]) => id >= first && id <= last && (since === undefined || topology.settings.kernel.has(since)),
  );
};

/** The ids in the list isolate, all others are known not to. */
const onlyListed = (device: PciDevice, ranges: readonly Range[], flags: number): Answer =>
  device.facts.device === undefined ? 'unknown' : within(inRanges(device, ranges) ? REQUIRED_ACS_FLAGS : 0, flags);

const isRootPort = (device: PciDevice): boolean => device.express === PcieType['root-port'];
const always: Judge = (_device, flags) => within(REQUIRED_ACS_FLAGS, flags);

/** Of Intel's devices, a root port of the PCH generations that isolate through chipset registers instead of ACS. */
const isIntelPchPort = (device: PciDevice): boolean =>
  isRootPort(device) && INTEL_PCH_PORTS.has(device.facts.device ?? -1);

/** A root port that keeps its ACS registers as 32 bits each. */
export const isIntelSptPort = (device: PciDevice): boolean =>
  device.facts.vendor === 0x8086 && isRootPort(device) && inRanges(device, INTEL_SPT_PORT_RANGES);

/**
 * What each quirk answers. Only quirks that look at more than a table row stand here in words.
 *
 * @see Linux v7.0 drivers/pci/quirks.c, the functions of the same names
 */
const JUDGES: Readonly<Record<AcsQuirkName, Judge>> = {
  pci_quirk_amd_sb_acs: (device, flags, { ivrs }) => {
    if (!device.multifunction || device.pciBus.parent !== undefined || !ivrs) return undefined;
    return within(RR | CR, flags & (RR | CR | EC | DT));
  },
  pci_quirk_mf_endpoint_acs: (_device, flags) => within(SV | TB | RR | CR | UF | DT, flags),
  pci_quirk_rciep_acs: (device, flags, input) =>
    device.express === PcieType['rc-endpoint'] ? always(device, flags, input) : undefined,
  pci_quirk_qcom_rp_acs: always,
  pci_quirk_nxp_rp_acs: always,
  pci_quirk_intel_pch_acs: (device, flags, { acsRequested, kernel }) => {
    if (!isIntelPchPort(device)) return undefined;
    // Whether the chipset's registers took the workaround is in no dump: where the kernel ran it, it is taken to have worked.
    const ran = acsRequested && kernel.rule('acs-workaround') !== 'skipped';
    return within(ran ? REQUIRED_ACS_FLAGS : 0, flags);
  },
  // Decided with the 32-bit registers, in acs.ts.
  pci_quirk_intel_spt_pch_acs: () => undefined,
  pci_quirk_cavium_acs: (device, flags, input) =>
    isRootPort(device) && inRanges(device, CAVIUM_PORT_RANGES) ? always(device, flags, input) : undefined,
  pci_quirk_xgene_acs: always,
  pci_quirk_brcm_acs: always,
  pci_quirk_loongson_acs: always,
  pci_quirk_al_acs: (device, flags, input) => (isRootPort(device) ? always(device, flags, input) : undefined),
  pci_quirk_zhaoxin_pcie_ports_acs: (device, flags) => {
    const isPort = isRootPort(device) || device.express === PcieType['downstream-port'];
    return isPort ? onlyListed(device, ZHAOXIN_PORT_RANGES, flags) : undefined;
  },
  pci_quirk_wangxun_nic_acs: (device, flags) => onlyListed(device, WANGXUN_RANGES, flags),
};

const NETWORK = 0x02;

/** Stands for a device id that is not known: above all that there are. Only rows for every device of a vendor match. */
const UNKNOWN_ID = 0x10000;

const byId = new Map<number, readonly AcsQuirkRow[]>();

const rowsOf = (vendor: number, device: number): readonly AcsQuirkRow[] => {
  const id = vendor * (UNKNOWN_ID + 1) + device;
  let rows = byId.get(id);
  if (!rows) {
    rows = ACS_QUIRKS.filter((row) => row[0] === vendor && (row[1] === device || row[1] === ANY_DEVICE));
    byId.set(id, rows);
  }
  return rows;
};

/**
 * The quirk table's opinion on whether a function provides ACS flags, in the table's order.
 *
 * @returns The first answer, the function that gave it, and the release that brought its row; `undefined` when none has one. `isolated` is `unknown` when
 * the device id would decide, and was not read.
 * @see Linux v7.0 drivers/pci/quirks.c pci_dev_specific_acs_enabled()
 */
export const acsQuirk = (
  device: PciDevice,
  flags: number,
  input: AcsQuirkInput,
): { readonly name: AcsQuirkName; readonly since: string; readonly isolated: boolean | 'unknown' } | undefined => {
  const { vendor, device: id = UNKNOWN_ID } = device.facts;
  if (vendor === undefined) return undefined;
  for (const [, , name, since] of rowsOf(vendor, id)) {
    if (!input.kernel.has(since)) continue;
    const isolated = JUDGES[name](device, flags, input);
    if (isolated !== undefined) return { name, since, isolated };
  }
  return undefined;
};

/**
 * Whether the table might speak of a function whose id is not known: its rows by id are for ports and for network
 * functions.
 */
export const mayHaveAcsQuirk = ({ facts, express }: PciDevice): boolean => {
  const { vendor, device, classCode } = facts;
  if (device !== undefined) return false;
  const isPort = express === PcieType['root-port'] || express === PcieType['downstream-port'];
  if (!isPort && classCode !== undefined && classCode >>> 16 !== NETWORK) return false;
  return ACS_QUIRKS.some((row) => vendor === undefined || row[0] === vendor);
};
