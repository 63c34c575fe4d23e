import { isIommuError, type Platform, type ReservedRegion } from '@iommu/core';
import { openAcpiTable } from '@iommu/firmware';
import { itsPage, msiFramePage } from '../interrupt-pages.js';

/*
 * Of the Multiple APIC Description Table, where devices write their interrupts on Arm.
 * ACPI Specification 6.5, sections 5.2.12.16 (GIC MSI Frame) and 5.2.12.18 (GIC Interrupt Translation Service).
 */

const FIRST_STRUCTURE = 44;
const MSI_FRAME = { type: 13, length: 24 };
const ITS = { type: 15, length: 20 };
/** Of both, where the base address of the registers stands. */
const BASE = 8;

/** Where QEMU's machines of the kind `virt` have their ITS. */
const USUAL = itsPage(0x8080000n);

/**
 * The first page that the machine's MADT names, that of an ITS before others.
 *
 * @returns `undefined`: it names none. Where it is not in the input, or cannot be read, QEMU's usual page.
 */
export const interruptPageOfMadt = (platform: Platform): ReservedRegion | undefined => {
  const table = platform.acpiTable('APIC');
  if (!table) return USUAL;
  try {
    const { reader } = openAcpiTable(table, 'APIC');
    let frame: ReservedRegion | undefined;
    for (let at = FIRST_STRUCTURE; at + 2 <= reader.length; ) {
      const [type, length] = [reader.u8(at), reader.u8(at + 1)];
      if (length < 2) break;
      if (type === ITS.type && length >= ITS.length) return itsPage(reader.u64(at + BASE));
      if (type === MSI_FRAME.type && length >= MSI_FRAME.length) frame ??= msiFramePage(reader.u64(at + BASE));
      at += length;
    }
    return frame;
  } catch (error) {
    if (isIommuError(error)) return USUAL;
    throw error;
  }
};
