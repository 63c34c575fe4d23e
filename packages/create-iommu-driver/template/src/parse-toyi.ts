import { ACPI_HEADER_LENGTH, openAcpiTable } from '@iommu/firmware';

/** One unit: the functions of some buses. Both ends inclusive. */
export interface ToyiEntry {
  readonly segment: number;
  readonly firstBus: number;
  readonly lastBus: number;
  /** Of its registers, host physical, in bytes. */
  readonly base: bigint;
}

export interface Toyi {
  readonly entries: readonly ToyiEntry[];
  readonly checksumOk: boolean;
}

const ENTRY_LENGTH = 16;

/**
 * Read a TOYI table.
 *
 * @throws IommuError `ERR_TABLE_TRUNCATED`, `ERR_TABLE_SIGNATURE`, `ERR_TABLE_FIELD`
 */
export const parseToyi = (bytes: Uint8Array): Toyi => {
  const { reader, checksumOk } = openAcpiTable(bytes, 'TOYI');
  const entries: ToyiEntry[] = [];
  for (let at = ACPI_HEADER_LENGTH; at < reader.length; at += ENTRY_LENGTH) {
    reader.require(at, ENTRY_LENGTH, 'an entry');
    entries.push({
      segment: reader.u16(at),
      firstBus: reader.u8(at + 2),
      lastBus: reader.u8(at + 3),
      base: reader.u64(at + 8),
    });
  }
  return { entries, checksumOk };
};
