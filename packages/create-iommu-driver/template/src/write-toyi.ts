import { ACPI_HEADER_LENGTH, sealAcpiTable } from '@iommu/firmware';
import type { ToyiEntry } from './parse-toyi.js';

/** A TOYI table with header and checksum. */
export const writeToyi = (entries: readonly ToyiEntry[]): Uint8Array => {
  const bytes = new Uint8Array(ACPI_HEADER_LENGTH + 16 * entries.length);
  const view = new DataView(bytes.buffer);
  bytes.set([...'TOYI'].map((letter) => letter.charCodeAt(0)));
  for (const [index, { segment, firstBus, lastBus, base }] of entries.entries()) {
    const at = ACPI_HEADER_LENGTH + 16 * index;
    view.setUint16(at, segment, true);
    view.setUint8(at + 2, firstBus);
    view.setUint8(at + 3, lastBus);
    view.setBigUint64(at + 8, base, true);
  }
  return sealAcpiTable(bytes);
};
