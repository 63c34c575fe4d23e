import { isPciDevice, type PciDevice, slotOf } from '@iommu/pci';
import type { Trial } from '../trials.js';
import { wayUp } from '../way-up.js';

const slotmates = ({ pciBus, rid }: PciDevice): PciDevice[] =>
  pciBus.devices.filter((other) => slotOf(other.rid) === slotOf(rid));

/**
 * Functions that have a say in whether two devices share a group, by name: the members of their groups, what these are
 * virtual functions of, the bridges above, and all functions of the slots that any of them is in. A rule that groups PCI
 * functions looks at no others.
 */
export const concernedBy = ({ running }: Trial, a: string, b: string): ReadonlySet<string> => {
  const { groups } = running.iommu;
  const members = [a, b].flatMap((name) => groups.of(running.device(name))?.devices ?? []).filter(isPciDevice);
  const owners = members.map((device) => device.physicalFunction ?? device);
  const ways = new Set([...members, ...owners].flatMap(wayUp));
  return new Set([...ways].flatMap(slotmates).map(({ name }) => name));
};
