import type { Machine } from '@iommu/machine';
import { isAcpidump, parseAcpidump } from './acpidump.js';
import { parseDmesg } from './dmesg.js';
import { parseDmesgPci } from './dmesg-pci.js';
import type { LiftedText } from './hex-rows.js';
import { lspciFromLifted } from './lspci/lspci.js';
import { mergeMachines } from './merge.js';
import { pciIds } from './pci-ids.js';

/** The part of a machine that a kernel's log tells. */
const fromDmesg = (text: string): Machine => {
  const { kernel, rootBuses, order, units, probes, observed } = parseDmesg(text);
  const functions = parseDmesgPci(text.split(/\r?\n/));
  return {
    schema: 1,
    ...(Object.keys(kernel).length > 0 && { kernel }),
    ...(functions.length > 0 && {
      pci: { functions, ...(rootBuses.length > 0 && { rootBuses }), ...(order.length > 0 && { order }) },
    }),
    ...(probes.length > 0 && { probes: { order: probes } }),
    ...(units.length > 0 && { units }),
    ...(observed.length > 0 && { observed: { source: 'dmesg', groups: observed } }),
  };
};

const isEmpty = ({ kernel, firmware, pci, observed, units }: Machine): boolean =>
  !kernel && !firmware && !pci && !observed && !units;

/** A machine from text of any kind that is not a tree: lspci, a kernel's log, acpidump, or several in one file. */
export const machineFromText = (lifted: LiftedText, attributes = false): Machine | undefined => {
  const { text } = lifted;
  const tables: Machine | undefined = isAcpidump(text)
    ? { schema: 1, firmware: { acpi: parseAcpidump(text) } }
    : undefined;
  const parts = [lspciFromLifted(lifted, pciIds, attributes), fromDmesg(text), tables].filter(
    (part) => part && !isEmpty(part),
  );
  return parts.length === 0 ? undefined : mergeMachines(parts as Machine[]);
};
