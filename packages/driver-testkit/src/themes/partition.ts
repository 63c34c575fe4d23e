import type { RunningMachine } from '@iommu/machine';
import { demand } from '../conformance-case.js';
import { defineCases } from '../define-cases.js';
import { expectedPartition, partedFounders, watchJoins } from '../founders.js';
import { boundIn, foundFor } from '../observe.js';

/** Two devices that are on no PCI bus, and present the same id to the same unit without sharing a group. */
const sharedId = (running: RunningMachine): string | undefined => {
  const bound = boundIn(running);
  const owners = new Map<string, string>();
  for (const device of running.devices) {
    const { group } = running.outcomeOf(device);
    const found = bound && device.bus !== 'pci' && group ? foundFor(bound, device) : undefined;
    for (const id of new Set(found?.ids)) {
      const key = `id 0x${id.toString(16)} of ${found?.unit}`;
      const mine = `${device.name} in group ${group?.id}`;
      const other = owners.get(key);
      if (other !== undefined && !other.endsWith(` in group ${group?.id}`))
        return `${key} is used by ${other} and by ${mine}`;
      owners.set(key, mine);
    }
  }
  return undefined;
};

/** Who shares a group: never too few, and never without a word. */
export const partitionCases = defineCases('partition', [
  {
    id: 'never-finer',
    title: 'never parts PCI functions that the kernel’s rule puts together',
    check: (subject) =>
      subject.onAll((machine) => {
        const parted = partedFounders(subject.boot(machine), expectedPartition(subject, machine));
        demand(
          parted === undefined,
          () => `${parted?.one} and ${parted?.other} cannot be told or kept apart, and are in two groups`,
        );
      }),
  },
  {
    id: 'evidence',
    title: 'names a member of the group that a device joins',
    check: (subject) =>
      subject.onAll((machine) => {
        const device = watchJoins(subject.boot(machine))();
        demand(
          device === undefined,
          () => `${device?.name} joined a group, and its reasons name none of the others in it`,
        );
      }),
  },
  {
    id: 'shared-ids',
    title: 'puts devices of other buses together that present the same id to a unit',
    check: (subject) =>
      subject.onAll((machine) => {
        const found = sharedId(subject.boot(machine));
        demand(found === undefined, () => found ?? '');
      }),
  },
]);
