import { busOf } from './address.js';
import type { PciDevice } from './pci-device.js';
import { busKey, type Placement } from './placement.js';

/** What is known of the order in which a kernel found the functions of a machine. */
export interface KnownOrder {
  /** Addresses in the order in which they were found; functions not named come after, in the order of a scan. */
  readonly order?: readonly string[];
  /** Root buses (`0000:00`) in the order of their scan; others come after, ascending. */
  readonly rootBuses?: readonly string[];
}

/** Functions by their bus, each bus ascending. */
const byBusOf = (functions: Iterable<PciDevice>): Map<number, PciDevice[]> => {
  const sorted = [...functions].sort((a, b) => a.segment - b.segment || a.rid - b.rid);
  const byBus = new Map<number, PciDevice[]>();
  let start = 0;
  for (let end = 1; end <= sorted.length; end++) {
    const first = sorted[start] as PciDevice;
    const key = busKey(first.segment, busOf(first.rid));
    const next = sorted[end];
    if (next && key === busKey(next.segment, busOf(next.rid))) continue;
    byBus.set(key, sorted.slice(start, end));
    start = end;
  }
  return byBus;
};

/** Virtual functions come all at once when those of their physical function are switched on: supposed, in its order. */
const byPhysicalFunction = (
  virtual: readonly PciDevice[],
  scanned: readonly PciDevice[],
  placement: Placement,
): PciDevice[] => {
  const rank = new Map(scanned.map((device, at) => [device, at]));
  const ranked = virtual.map((device) => {
    const physical = placement.get(device.description.physicalFunction);
    return { device, rank: (physical && rank.get(physical)) ?? -1 };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ device }) => device);
};

/**
 * The order in which the kernel finds functions: each root bus slot by slot, then each bridge's bus in turn; virtual
 * functions when their drivers switch them on, after all others.
 *
 * @returns Every function, those of `order` also a second time; what one hangs on may stand behind it.
 * @see Linux v6.1 drivers/pci/probe.c pci_scan_child_bus_extend()
 */
export const scanOrder = (
  functions: Iterable<PciDevice>,
  placement: Placement,
  { order = [], rootBuses = [] }: KnownOrder,
): PciDevice[] => {
  const byBus = byBusOf(functions);
  const scanned: PciDevice[] = order.flatMap((address) => placement.get(address) ?? []);
  const virtual: PciDevice[] = [];
  const visit = (key: number): void => {
    const here = byBus.get(key);
    if (!here) return;
    byBus.delete(key);
    for (const one of here) (one.isVirtualFunction ? virtual : scanned).push(one);
    // Buses are nested at most as deep as a segment has numbers for them.
    for (const one of here) {
      const behind = placement.busBehind(one);
      if (behind !== undefined) visit(behind);
    }
  };
  for (const name of rootBuses) {
    const [segment = 0, bus = 0] = name.split(':').map((part) => Number.parseInt(part, 16));
    visit(busKey(segment, bus));
  }
  // A bridge leads to a higher bus: the lowest that is left is always a root bus.
  for (const key of byBus.keys()) visit(key);
  return virtual.length === 0 ? scanned : scanned.concat(byPhysicalFunction(virtual, scanned, placement));
};
