/** Bits of the ACS capability and control registers. @see PCI Express Base Specification, ACS Extended Capability */
export const AcsFlag = {
  /** Source Validation */
  SV: 0x01,
  /** Translation Blocking */
  TB: 0x02,
  /** P2P Request Redirect */
  RR: 0x04,
  /** P2P Completion Redirect */
  CR: 0x08,
  /** Upstream Forwarding */
  UF: 0x10,
  /** P2P Egress Control */
  EC: 0x20,
  /** Direct Translated P2P */
  DT: 0x40,
} as const;

/** The name of a bit, as the specification has it. */
export type AcsFlagName = keyof typeof AcsFlag;

const NAMES = Object.keys(AcsFlag) as AcsFlagName[];

/** What Linux wants of every component on the way for isolation. @see Linux v7.0 drivers/iommu/iommu.c REQ_ACS_FLAGS */
export const REQUIRED_ACS_FLAGS: number = AcsFlag.SV | AcsFlag.RR | AcsFlag.CR | AcsFlag.UF;

/** `SV RR CR UF`, in register order; the empty string for none. */
export const formatAcsFlags = (bits: number): string => NAMES.filter((name) => bits & AcsFlag[name]).join(' ');

/** The bits of a list of names parted by blanks; a word that is no name counts for nothing. */
export const parseAcsFlags = (text: string): number =>
  text.split(/\s/).reduce((bits, word) => bits | (AcsFlag[word as AcsFlagName] ?? 0), 0);
