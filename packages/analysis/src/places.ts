import { formatBus, functionOf, type PciBus, type PciDevice, type PciTopology, slotOf } from '@iommu/pci';

/** What a device hangs on, and where there: nothing of it is a bus number that firmware hands out below a root bus. */
export interface Place {
  /** The bridge above, the endpoint that hosts the segment, or the physical function; `undefined`: a bus without one. */
  readonly above: PciDevice | undefined;
  /** That bus, where nothing is above. */
  readonly bus: PciBus | undefined;
  /** `1c.0`; of a virtual function `virtfn3`; where an endpoint hosts several root buses, `e0:06.0`. */
  readonly step: string;
}

const hex = (value: number): string => value.toString(16).padStart(2, '0');

const slotText = (rid: number): string => `${hex(slotOf(rid))}.${functionOf(rid)}`;

/** Which of its physical function's a virtual function is, from 0 on: by the capability, else by their order. */
const virtualNumbers = (topology: PciTopology): ReadonlyMap<PciDevice, number> => {
  const siblings = new Map<PciDevice, PciDevice[]>();
  for (const device of topology.devices) {
    const { physicalFunction } = device;
    if (physicalFunction) siblings.set(physicalFunction, [...(siblings.get(physicalFunction) ?? []), device]);
  }
  const numbers = new Map<PciDevice, number>();
  for (const [physical, list] of siblings) {
    const { offset = 0, stride = 0 } = physical.facts.sriov ?? {};
    const ordered = [...list].sort((a, b) => a.rid - b.rid);
    const byCapability = ordered.map(({ rid }) => (rid - physical.rid - offset) / stride);
    const isSound = byCapability.every((number) => Number.isInteger(number) && number >= 0);
    for (const [at, device] of ordered.entries()) numbers.set(device, isSound ? (byCapability[at] ?? at) : at);
  }
  return numbers;
};

/** The place of every function; each after what it hangs on. */
export const placesOf = (topology: PciTopology): ReadonlyMap<PciDevice, Place> => {
  const virtual = virtualNumbers(topology);
  const places = new Map<PciDevice, Place>();
  const placeOf = (device: PciDevice): Place => {
    const { physicalFunction, pciBus, rid } = device;
    if (physicalFunction) return { above: physicalFunction, bus: undefined, step: `virtfn${virtual.get(device) ?? 0}` };
    if (pciBus.self) return { above: pciBus.self, bus: undefined, step: slotText(rid) };
    if (pciBus.host) {
      const isOnly = topology.hostedBy(pciBus.host).length === 1;
      const step = isOnly ? slotText(rid) : `${hex(pciBus.number)}:${slotText(rid)}`;
      return { above: pciBus.host, bus: undefined, step };
    }
    return { above: undefined, bus: pciBus, step: slotText(rid) };
  };
  const add = (device: PciDevice): void => {
    if (places.has(device)) return;
    const place = placeOf(device);
    if (place.above) add(place.above);
    places.set(device, place);
  };
  for (const device of topology.devices) add(device);
  return places;
};

/**
 * The root bus and the chain of device and function numbers from there: `0000:00:1c.0/00.0`, as the kernel's command line
 * names devices too. Other cards do not change it, while bus numbers, and addresses with them, may shift.
 *
 * @see Linux v6.12 Documentation/admin-guide/kernel-parameters.txt, pci=, on <pci_dev>
 */
export const stablePath = (places: ReadonlyMap<PciDevice, Place>, device: PciDevice): string => {
  const place = places.get(device);
  if (!place) return device.name;
  const { above, bus, step } = place;
  if (above) return `${stablePath(places, above)}/${step}`;
  return `${bus ? formatBus(bus.segment, bus.number) : ''}:${step}`;
};
