import { bootParameters } from '@iommu/core';
import type { ResolvedKernel } from './kernel.js';
import type { Machine, MachineFirmware } from './machine.js';

/**
 * Whether the command line has an x86 kernel do without ACPI: it then reads no table. The last word counts.
 *
 * @see Linux v6.1 arch/x86/kernel/acpi/boot.c parse_acpi()
 */
export const isAcpiOff = (kernel: ResolvedKernel): boolean =>
  kernel.arch === 'x86' && bootParameters(kernel, 'acpi').findLast((word) => /^(?:off|force)$/.test(word)) === 'off';

/** What the kernel reads of the firmware. Absent: nobody looked. */
export const firmwareInUse = ({ firmware }: Machine, kernel: ResolvedKernel): MachineFirmware | undefined =>
  isAcpiOff(kernel) ? { ...firmware, acpi: {} } : firmware;
