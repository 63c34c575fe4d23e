import type { UnitRegisters } from '@iommu/core';

/*
 * Fields of a unit's registers, as far as grouping and sysfs look at them. Unknown registers answer as those of a
 * usual unit would.
 * Intel VT-d specification, Register Descriptions: Capability Register, Extended Capability Register, Version Register
 */

type Registers = UnitRegisters | undefined;

const bit = (value: bigint | undefined, at: number): boolean | undefined =>
  value === undefined ? undefined : ((value >> BigInt(at)) & 1n) === 1n;

/** CAP.SAGAW, bits 12:8, names no width, and CAP.FL5LP and ECAP.FLTS offer none either. */
export const noAddressWidth = (unit: Registers): boolean => {
  const cap = unit?.registers['cap'];
  if (cap === undefined) return unit?.responds === false;
  return ((cap >> 8n) & 0x1fn) === 0n && bit(unit?.registers['ecap'], 47) !== true;
};

/** CAP.CM: a virtual machine shadows the tables. */
export const cachingMode = (unit: Registers): boolean => bit(unit?.registers['cap'], 7) ?? false;

/** ECAP.PT: untranslated requests can pass. */
export const passThrough = (unit: Registers): boolean => bit(unit?.registers['ecap'], 6) ?? true;

/** First-level tables are what the unit offers, or what Linux prefers. @see first_level_by_default() */
export const prefersFirstLevel = (unit: Registers): boolean => {
  const ecap = unit?.registers['ecap'];
  return bit(ecap, 43) === true && bit(ecap, 47) === true;
};

/** `4:0`, `65536`, …: the files of the unit's `intel-iommu` folder that its registers fill. */
export const registerAttributes = (unit: Registers, address: bigint): Record<string, string> => {
  const files: Record<string, string> = { address: address.toString(16) };
  const { cap, ecap, version } = unit?.registers ?? {};
  if (version !== undefined) files['version'] = `${(version >> 4n) & 0xfn}:${version & 0xfn}`;
  if (cap !== undefined) {
    files['cap'] = cap.toString(16);
    files['domains_supported'] = (1n << (4n + 2n * (cap & 7n))).toString();
  }
  if (ecap !== undefined) files['ecap'] = ecap.toString(16);
  return files;
};
