import type { Device, GroupAccess, GroupDecision } from '@iommu/core';
import { forEachDmaAlias, functionOf, isPciDevice, type PciDevice } from '@iommu/pci';
import { type Fault, planted } from './fault.js';

const alone = (device: Device, groups: GroupAccess): GroupDecision => ({
  group: groups.alloc(),
  reasons: [{ rule: 'isolated', text: `${device.name} is taken to be alone.`, source: 'guess', devices: [device] }],
});

/** Group by itself what `isWrong` picks out. */
const split =
  (isWrong: (device: PciDevice) => boolean) =>
  ({ deviceGroup }: Parameters<Parameters<typeof planted>[3]>[0]) => ({
    deviceGroup: (device: Device, groups: GroupAccess) =>
      isPciDevice(device) && isWrong(device) ? alone(device, groups) : deviceGroup(device, groups),
  });

const hasBridgeAlias = (device: PciDevice): boolean =>
  forEachDmaAlias(device, (_, rid, kind) => (kind === 'bridge' && rid !== device.rid ? true : undefined)) === true;

export const partitionFaults: readonly Fault[] = [
  planted(
    'partition',
    'intel-vtd',
    'every function has a group of its own',
    split(() => true),
  ),
  planted('partition', 'amd-vi', 'requester ids that bridges put on count for nothing', split(hasBridgeAlias)),
  planted(
    'partition',
    'smmu',
    'functions of one device are taken to be isolated',
    split((device) => functionOf(device.rid) > 0),
  ),
  planted(
    'partition',
    'intel-vtd',
    'what is behind a fifth bus is taken to be isolated',
    split((device) => device.rid >> 8 > 4),
  ),
  planted(
    'partition',
    'amd-vi',
    'a bridge is never grouped with what is above it',
    split((device) => device.isBridge && device.pciBus.parent !== undefined),
  ),
  planted('partition', 'smmu', 'all functions of a bus share a group, and nobody says why', ({ deviceGroup }) => ({
    deviceGroup: (device: Device, groups: GroupAccess) => {
      for (const other of isPciDevice(device) ? device.pciBus.devices : []) {
        const group = groups.get(other);
        const reason = { rule: 'together', text: 'They go together.', source: 'guess', devices: [device] };
        if (group) return { group, reasons: [reason] };
      }
      return deviceGroup(device, groups);
    },
  })),
  planted(
    'partition',
    'smmu',
    'devices on no PCI bus that share a stream id have groups of their own',
    ({ deviceGroup }) => ({
      deviceGroup: (device: Device, groups: GroupAccess) =>
        isPciDevice(device) ? deviceGroup(device, groups) : alone(device, groups),
    }),
  ),
];

export const orderFaults: readonly Fault[] = [
  planted(
    'order',
    'intel-vtd',
    'a function joins the one before it where that has the higher number',
    ({ deviceGroup }) => {
      let last: PciDevice | undefined;
      return {
        deviceGroup: (device: Device, groups: GroupAccess) => {
          if (!isPciDevice(device)) return deviceGroup(device, groups);
          const before = last;
          last = device;
          const isNext = before?.pciBus === device.pciBus && before.rid > device.rid;
          const group = isNext ? groups.get(before) : undefined;
          const reason = { rule: 'neighbour', text: 'It came next.', source: 'guess', devices: before ? [before] : [] };
          return group ? { group, reasons: [reason] } : deviceGroup(device, groups);
        },
      };
    },
  ),
  planted(
    'order',
    'amd-vi',
    'the first function of a bus that is grouped has a group of its own',
    ({ deviceGroup }) => {
      const begun = new Set<unknown>();
      return {
        deviceGroup: (device: Device, groups: GroupAccess) => {
          if (!isPciDevice(device) || begun.has(device.pciBus)) return deviceGroup(device, groups);
          begun.add(device.pciBus);
          return alone(device, groups);
        },
      };
    },
  ),
  planted('order', 'smmu', 'the lowest id is given to no group', ({ deviceGroup }) => ({
    deviceGroup: (device: Device, groups: GroupAccess) => {
      const spare = groups.alloc();
      const decision = deviceGroup(device, groups);
      groups.put(spare);
      return decision;
    },
  })),
  planted('order', 'intel-vtd', 'a device that was asked about first is not behind the unit', ({ unitOf }) => {
    let first: Device | undefined;
    return {
      unitOf: (device: Device) => {
        first ??= device;
        return first === device && isPciDevice(device) && device.rid !== 0
          ? { none: { rule: 'first', text: 'It came first.', source: 'guess', devices: [device] } }
          : unitOf(device);
      },
    };
  }),
];
