import { isIommuError, type Platform } from '@iommu/core';
import { openAcpiTable } from '@iommu/firmware';

const FIRST_STRUCTURE = 44;
const GIC_ITS = 15;
const GIC_ITS_LENGTH = 20;

/**
 * Where the interrupt translation services stand, by their number, from the MADT (`APIC`).
 *
 * @returns Empty when the input has no MADT or one that cannot be read, which is reported.
 * @see ACPI Specification 6.5, section 5.2.12.18 (GIC Interrupt Translation Service Structure)
 */
export const readItsBases = (platform: Platform): ReadonlyMap<number, bigint> => {
  const bases = new Map<number, bigint>();
  const bytes = platform.acpiTable('APIC');
  if (!bytes) {
    platform.report({
      severity: 'assumed',
      code: 'madt-unknown',
      message: 'the MADT is not in the input; the pages of the interrupt translation services are left out',
    });
    return bases;
  }
  try {
    const { reader } = openAcpiTable(bytes, 'APIC');
    for (let at = FIRST_STRUCTURE; at + 2 <= reader.length; ) {
      const length = reader.u8(at + 1);
      if (length < 2) throw reader.error(at + 1, `structure length ${length}, expected at least 2`);
      if (reader.u8(at) === GIC_ITS && length >= GIC_ITS_LENGTH) bases.set(reader.u32(at + 4), reader.u64(at + 8));
      at += length;
    }
  } catch (error) {
    if (!isIommuError(error)) throw error;
    platform.report({ severity: 'firmware-bug', code: 'madt-invalid', message: error.message });
  }
  return bases;
};
