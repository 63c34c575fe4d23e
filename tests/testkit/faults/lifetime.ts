import type { Device, Group, GroupAccess } from '@iommu/core';
import { type Fault, planted } from './fault.js';

/** The driver's own choice, then something else. */
const after =
  (change: (decision: { readonly group: Group }, device: Device, groups: GroupAccess) => void) =>
  ({ deviceGroup }: Parameters<Parameters<typeof planted>[3]>[0]) => ({
    deviceGroup: (device: Device, groups: GroupAccess) => {
      const decision = deviceGroup(device, groups);
      if ('group' in decision) change(decision, device, groups);
      return decision;
    },
  });

export const lifetimeFaults: readonly Fault[] = [
  planted(
    'lifetime',
    'intel-vtd',
    'it takes a second reference on the group that it returns',
    after(({ group }, _, groups) => void groups.ref(group)),
  ),
  planted(
    'lifetime',
    'amd-vi',
    'it gives back the reference that it returns',
    after(({ group }, _, groups) => groups.put(group)),
  ),
  planted('lifetime', 'smmu', 'it keeps a reference on another group that it looked at', ({ deviceGroup }) => {
    let last: Device | undefined;
    return {
      deviceGroup: (device: Device, groups: GroupAccess) => {
        if (last) groups.get(last);
        last = device;
        return deviceGroup(device, groups);
      },
    };
  }),
  planted(
    'lifetime',
    'intel-vtd',
    'its units keep every group',
    after(({ group }, _, groups) => groups.keep(group)),
  ),
  planted(
    'lifetime',
    'amd-vi',
    'it makes a spare group, which its unit keeps',
    after((_decision, _, groups) => {
      const spare = groups.alloc();
      groups.keep(spare);
      groups.put(spare);
    }),
  ),
  planted('lifetime', 'smmu', 'it never gives back the ids that a device claimed', () => ({
    releaseDevice: undefined,
  })),
  planted(
    'lifetime',
    'intel-vtd',
    'it remembers groups by the names of devices, also those that have ended',
    ({ deviceGroup }) => {
      const groupOf = new Map<string, Group>();
      return {
        deviceGroup: (device: Device, groups: GroupAccess) => {
          const known = groupOf.get(device.name);
          if (known) {
            const reason = {
              rule: 'known',
              text: `${device.name} had that group.`,
              source: 'cache',
              devices: [device],
            };
            return { group: groups.ref(known), reasons: [reason] };
          }
          const decision = deviceGroup(device, groups);
          if ('group' in decision) groupOf.set(device.name, decision.group);
          return decision;
        },
      };
    },
  ),
  planted('lifetime', 'amd-vi', 'it uses the groups of a call that has ended', ({ deviceGroup }) => {
    let first: GroupAccess | undefined;
    return {
      deviceGroup: (device: Device, groups: GroupAccess) => {
        first ??= groups;
        if (first !== groups) first.get(device);
        return deviceGroup(device, groups);
      },
    };
  }),
  planted('lifetime', 'smmu', 'releaseDevice() throws', () => ({
    releaseDevice: () => {
      throw new TypeError('released too late');
    },
  })),
];
