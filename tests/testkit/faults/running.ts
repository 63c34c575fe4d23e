import type { Device, GroupAccess, Platform, Reason } from '@iommu/core';
import { isPciDevice } from '@iommu/pci';
import { type Change, type Fault, planted, plantedBefore } from './fault.js';

const withReasons =
  (change: (reason: Reason) => Reason): Change =>
  ({ deviceGroup }) => ({
    deviceGroup: (device: Device, groups: GroupAccess) => {
      const decision = deviceGroup(device, groups);
      return 'group' in decision ? { ...decision, reasons: decision.reasons.map(change) } : decision;
    },
  });

const plain = ({ rule, text, source, devices }: Reason): Reason => ({ rule, text, source, devices });

export const hotPlugFaults: readonly Fault[] = [
  planted('hot-plug', 'intel-vtd', 'devices that come later are behind no unit', ({ unitOf }, { devices }) => {
    const known = new Set(devices);
    return { unitOf: (device: Device) => (known.has(device) ? unitOf(device) : undefined) };
  }),
  planted('hot-plug', 'amd-vi', 'a device that comes back has a group of its own', ({ deviceGroup }) => {
    const seen = new Set<string>();
    return {
      deviceGroup: (device: Device, groups: GroupAccess) => {
        if (!seen.has(device.name)) {
          seen.add(device.name);
          return deviceGroup(device, groups);
        }
        const reason = { rule: 'back', text: `${device.name} is back.`, source: 'guess', devices: [device] };
        return { group: groups.alloc(), reasons: [reason] };
      },
    };
  }),
  planted('hot-plug', 'smmu', 'who leaves is forgotten only when the next one comes, which is refused', (bound) => {
    let left = false;
    return {
      releaseDevice: (device: Device) => {
        left = true;
        bound.releaseDevice?.(device);
      },
      probeDevice: (...words: Parameters<NonNullable<typeof bound.probeDevice>>) => {
        if (!left) return bound.probeDevice?.(...words);
        left = false;
        const reason = { rule: 'late', text: 'The last one had just left.', source: 'guess', devices: [] };
        return { errno: 'ENODEV', reason };
      },
    };
  }),
  planted(
    'hot-plug',
    'intel-vtd',
    'regions of a device are those of the one that was first at its place',
    ({ reservedRegions }) => {
      const first = new Map<string, Device>();
      return {
        reservedRegions: (device: Device) => {
          const known = first.get(device.name) ?? device;
          first.set(device.name, known);
          if (known === device) return reservedRegions(device);
          return [...reservedRegions(device), { start: 0n, end: 0xfffn, type: 'reserved' }];
        },
      };
    },
  ),
  planted('hot-plug', 'amd-vi', 'the ids of a device that comes back are others', ({ unitOf }) => {
    const first = new Map<string, Device>();
    return {
      unitOf: (device: Device) => {
        const found = unitOf(device);
        const known = first.get(device.name) ?? device;
        first.set(device.name, known);
        return found && 'unit' in found && known !== device ? { unit: found.unit, ids: [...found.ids, 0xffff] } : found;
      },
    };
  }),
];

export const uncertaintyFaults: readonly Fault[] = [
  planted('uncertainty', 'intel-vtd', 'it does not say what it had to suppose', withReasons(plain)),
  planted(
    'uncertainty',
    'amd-vi',
    'it says of every decision that something was supposed',
    withReasons((reason) => ({ ...plain(reason), unknown: ['everything'] })),
  ),
  planted('uncertainty', 'smmu', 'what is not known it takes for the better, whatever is asked', ({ deviceGroup }) => ({
    deviceGroup: (device: Device, groups: GroupAccess) => {
      const decision = deviceGroup(device, groups);
      if (!('group' in decision) || decision.group.devices.length === 0) return decision;
      if (!decision.reasons.some(({ unknown }) => unknown?.length)) return decision;
      groups.put(decision.group);
      return { group: groups.alloc(), reasons: decision.reasons };
    },
  })),
  plantedBefore(
    'uncertainty',
    'intel-vtd',
    'it looks at what was supposed for unknown facts, and turns it round',
    ({ bind }) => ({
      bind: (platform: Platform) => {
        const bound = bind(platform);
        const settings = platform.devices.find(isPciDevice)?.topology.settings as { unknown: string } | undefined;
        if (settings) settings.unknown = settings.unknown === 'pessimistic' ? 'optimistic' : 'pessimistic';
        return bound;
      },
    }),
  ),
];
