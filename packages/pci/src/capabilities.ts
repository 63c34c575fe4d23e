import type { ConfigSpace } from './config-space.js';

/** Ids in the list that starts at 0x34. */
export const CAPABILITY_PCI_EXPRESS = 0x10;
/** Ids in the list that starts at 0x100. */
export const EXTENDED_CAPABILITY_ACS = 0x000d;
export const EXTENDED_CAPABILITY_SRIOV = 0x0010;

const STATUS = 0x06;
const STATUS_CAPABILITY_LIST = 0x10;
const HEADER_TYPE = 0x0e;
const HEADER_TYPE_CARDBUS = 2;
const CAPABILITY_POINTER = 0x34;
const CARDBUS_CAPABILITY_POINTER = 0x14;
const EXTENDED_START = 0x100;
const STANDARD_END = 0x100;
const EXTENDED_END = 0x1000;

/**
 * An offset into configuration space; `null`: the list was read and holds no such capability; `undefined`: the list
 * was not read far enough to tell.
 */
export type CapabilityOffset = number | null | undefined;

/**
 * Find a capability in the list below 256 bytes.
 *
 * Ends at an entry met before, so a looping list costs no more than its length.
 *
 * @see Linux v6.1 drivers/pci/pci.c pci_find_capability()
 */
export const findCapability = (config: ConfigSpace, id: number): CapabilityOffset => {
  const status = config.u16(STATUS);
  if (status === undefined) return undefined;
  if (status === 0xffff) return undefined;
  if (!(status & STATUS_CAPABILITY_LIST)) return null;
  const cardbus = ((config.u8(HEADER_TYPE) ?? 0) & 0x7f) === HEADER_TYPE_CARDBUS;
  let offset = config.u8(cardbus ? CARDBUS_CAPABILITY_POINTER : CAPABILITY_POINTER);
  // Each entry takes four bytes at least: there are no more than this.
  for (let left = (STANDARD_END - 0x40) / 4; left > 0; left--) {
    if (offset === undefined) return undefined;
    offset &= ~3;
    if (offset < 0x40) return null;
    const entry = config.u16(offset);
    if (entry === undefined) return undefined;
    if ((entry & 0xff) === 0xff) return null;
    if ((entry & 0xff) === id) return offset;
    offset = entry >> 8;
  }
  return null;
};

/**
 * Find a capability in the extended list; loop-safe as {@link findCapability}.
 *
 * @param express - Whether the function has the PCI Express capability; without it there is no extended list.
 * @see Linux v6.1 drivers/pci/pci.c pci_find_ext_capability()
 */
export const findExtendedCapability = (
  config: ConfigSpace,
  id: number,
  express: boolean | undefined,
): CapabilityOffset => {
  if (config.size !== undefined && config.size <= EXTENDED_START) return null;
  if (config.length < EXTENDED_START + 4) return express === false ? null : undefined;
  let offset = EXTENDED_START;
  for (let left = (EXTENDED_END - EXTENDED_START) / 8; left > 0 && offset >= EXTENDED_START; left--) {
    const header = config.u32(offset);
    if (header === undefined) return undefined;
    if (header === 0 || header === 0xffffffff) return null;
    if ((header & 0xffff) === id) return offset;
    offset = (header >>> 20) & ~3;
  }
  return null;
};
