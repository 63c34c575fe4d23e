import type { Machine, MachineFirmware, MachinePci } from '@iommu/machine';

/** What the later source knows of the order in which the kernel found the functions of the earlier. */
const mergePci = (first: MachinePci | undefined, next: MachinePci | undefined): MachinePci | undefined => {
  if (!first || !next) return first ?? next;
  const { order, rootBuses } = next;
  if (!order || !completeOrder(first.functions, order)) return first;
  return { order, ...(rootBuses && { rootBuses }), ...first };
};

const mergeTwo = (first: Machine, next: Machine): Machine => {
  const kernel = { ...next.kernel, ...first.kernel };
  const firmware = mergeFirmware(first.firmware, next.firmware);
  const pci = mergePci(first.pci, next.pci);
  const notes = [...(first.notes ?? []), ...(next.notes ?? [])];
  return Object.assign(
    {},
    next,
    first,
    Object.keys(kernel).length > 0 && { kernel },
    firmware && { firmware },
    pci && { pci },
    notes.length > 0 && { notes },
  );
};

/**
 * Put what several sources tell of one machine together: what the first says stands, the others fill gaps.
 *
 * Of two lists of functions that of the earlier source stands.
 */
export const mergeMachines = (machines: readonly Machine[]): Machine => {
  let merged: Machine = machines[0] ?? { schema: 1 };
  for (const next of machines.slice(1)) merged = mergeTwo(merged, next);
  return merged;
};

const mergeFirmware = (a: MachineFirmware | undefined, b: MachineFirmware | undefined): MachineFirmware | undefined => {
  if (!a || !b) return a ?? b;
  const acpi = a.acpi || b.acpi ? { ...b.acpi, ...a.acpi } : undefined;
  return { ...b, ...a, ...(acpi && { acpi }) };
};

/** An order counts only when it names every function: a cut log would put the unnamed ones last. */
const completeOrder = (
  functions: readonly { address: string; physicalFunction?: string }[],
  order: readonly string[],
): boolean => {
  const named = new Set(order);
  return functions.every(({ address, physicalFunction }) => physicalFunction !== undefined || named.has(address));
};
