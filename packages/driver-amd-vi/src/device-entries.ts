import type { TableReader } from '@iommu/firmware';

/** A device that is named by its ACPI ids, because it is not on PCI. */
export interface AcpiHidEntry {
  /** Entry type 0xf0, which only blocks of type 0x40 may have. */
  readonly kind: 'acpi-hid';
  /** In bytes from the table's start. */
  readonly offset: number;
  /** The requester id that its DMA carries, in the segment of the block: 16 bits. */
  readonly deviceId: number;
  /** `AMDI0020` */
  readonly hid: string;
  /** `undefined`: the entry names none, and every device with the id is meant. */
  readonly uid: string | undefined;
}

/** Which requester ids an IOMMU translates. Ids are of the block's segment. */
export type DeviceEntry =
  | { readonly kind: 'all'; readonly offset: number }
  | { readonly kind: 'select'; readonly offset: number; readonly deviceId: number; readonly alias?: number }
  /** Opens a range, which the next `range-end` closes; with `alias`, every id in it is seen as that one. */
  | { readonly kind: 'range-start'; readonly offset: number; readonly deviceId: number; readonly alias?: number }
  /** Inclusive. */
  | { readonly kind: 'range-end'; readonly offset: number; readonly deviceId: number }
  /** An interrupt controller or timer that does its DMA as `deviceId`. */
  | { readonly kind: 'special'; readonly offset: number; readonly deviceId: number; readonly variety: number }
  | AcpiHidEntry;

const Entry = {
  ALL: 0x01,
  SELECT: 0x02,
  RANGE_START: 0x03,
  RANGE_END: 0x04,
  ALIAS_SELECT: 0x42,
  ALIAS_RANGE_START: 0x43,
  EXT_SELECT: 0x46,
  EXT_RANGE_START: 0x47,
  SPECIAL: 0x48,
  ACPI_HID: 0xf0,
} as const;

const ACPI_HID_HEAD = 22;
const UID_INTEGER = 1;
const UID_STRING = 2;
/** Only this format of block may name devices by their ACPI ids. */
const TYPE_WITH_HIDS = 0x40;

/**
 * Bytes of the entry at a place.
 *
 * @see AMD I/O Virtualization Technology (IOMMU) Specification 3.10, section 5.2.2.2 (IVHD Device Entries)
 */
export const entryLength = (block: TableReader, at: number): number => {
  const type = block.u8(at);
  if (type < 0x80) return 4 << (type >> 6);
  if (type !== Entry.ACPI_HID)
    throw block.error(at, `device entry of type 0x${type.toString(16)}, whose length is unknown`);
  if (at + ACPI_HID_HEAD > block.length)
    throw block.error(at, `ACPI HID device entry passes the end of its block at ${block.length}`);
  return ACPI_HID_HEAD + block.u8(at + 21);
};

/**
 * The unique id of an ACPI HID entry. Of a number, which the specification gives eight bytes, Linux looks at the lowest.
 *
 * @see Linux v7.0 drivers/iommu/amd/init.c init_iommu_from_acpi()
 */
const uidOf = (block: TableReader, at: number, length: number): string | undefined => {
  const size = length - ACPI_HID_HEAD;
  if (size === 0) return undefined;
  switch (block.u8(at + 20)) {
    case UID_INTEGER:
      return String(block.u8(at + ACPI_HID_HEAD));
    case UID_STRING:
      return block.ascii(at + ACPI_HID_HEAD, size) || undefined;
    default:
      return undefined;
  }
};

/**
 * Read the device entries of an IVHD block.
 *
 * @param start - Where they start, in bytes from the block's start.
 * @throws IommuError `ERR_TABLE_FIELD` for an entry that passes the block's end or whose length cannot be known.
 */
export const readDeviceEntries = (block: TableReader, start: number): readonly DeviceEntry[] => {
  const blockType = block.u8(0);
  const entries: DeviceEntry[] = [];
  for (let at = start; at < block.length; ) {
    const length = entryLength(block, at);
    if (at + length > block.length)
      throw block.error(at, `device entry of ${length} bytes passes the end of its block at ${block.length}`);
    const entry = readEntry(block, at, length, blockType);
    if (entry) entries.push(entry);
    at += length;
  }
  return entries;
};

const readEntry = (block: TableReader, at: number, length: number, blockType: number): DeviceEntry | undefined => {
  const offset = block.base + at;
  const type = block.u8(at);
  const deviceId = block.u16(at + 1);
  switch (type) {
    case Entry.ALL:
      return { kind: 'all', offset };
    case Entry.SELECT:
    case Entry.EXT_SELECT:
      return { kind: 'select', offset, deviceId };
    case Entry.ALIAS_SELECT:
      return { kind: 'select', offset, deviceId, alias: block.u16(at + 5) };
    case Entry.RANGE_START:
    case Entry.EXT_RANGE_START:
      return { kind: 'range-start', offset, deviceId };
    case Entry.ALIAS_RANGE_START:
      return { kind: 'range-start', offset, deviceId, alias: block.u16(at + 5) };
    case Entry.RANGE_END:
      return { kind: 'range-end', offset, deviceId };
    case Entry.SPECIAL:
      return { kind: 'special', offset, deviceId: block.u16(at + 5), variety: block.u8(at + 7) };
    case Entry.ACPI_HID: {
      const hid = block.ascii(at + 4, 8);
      if (blockType !== TYPE_WITH_HIDS || hid === '') return undefined;
      return { kind: 'acpi-hid', offset, deviceId, hid, uid: uidOf(block, at, length) };
    }
    default:
      return undefined;
  }
};
