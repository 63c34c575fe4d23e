import { type Device, type DeviceOutcome, Iommu, type IommuDriver } from '@iommu/core';
import {
  isPciDevice,
  type PciDevice,
  type PciFunction,
  type PciGroupOptions,
  PciReason,
  type PciTopology,
  pciDeviceGroup,
} from '../../src/index.js';
import { at, type SettingsSketch, short, topologyOf } from './topology.js';

export interface Grouping extends PciGroupOptions {
  /** The devices in the order of probing; default: the topology's. */
  readonly order?: readonly PciDevice[];
  /** Devices that no unit translates. */
  readonly uncovered?: readonly string[];
}

/** A driver with one unit, behind which every PCI function is. */
const toyDriver = ({ uncovered = [], ...options }: Grouping): IommuDriver => ({
  specVersion: 1,
  name: 'toy',
  bind() {
    const unit = { name: 'toy0' };
    return {
      units: [unit],
      unitOf: (device: Device) =>
        isPciDevice(device) && !uncovered.includes(short(device.name)) ? { unit, ids: [device.rid] } : undefined,
      deviceGroup: (device: Device, groups) => pciDeviceGroup(device as PciDevice, groups, options),
      reservedRegions: () => [],
    };
  },
});

/** Group all functions of a topology. */
export const group = (topology: PciTopology, grouping: Grouping = {}): Iommu => {
  const iommu = new Iommu({
    platform: {
      kernel: topology.settings.kernel,
      acpiTable: () => undefined,
      deviceTree: undefined,
      units: [],
      devices: grouping.order ?? topology.devices,
      report: () => {},
    },
    drivers: [toyDriver(grouping)],
  });
  iommu.registerUnits();
  return iommu;
};

/** Each group as its members' addresses, ascending, one blank between; by group id. */
export const groupLines = (iommu: Iommu): string[] =>
  [...iommu.groups]
    .sort((a, b) => a.id - b.id)
    .map(({ devices }) =>
      devices
        .map(({ name }) => short(name))
        .sort()
        .join(' '),
    );

export const groupsOf = (
  functions: readonly PciFunction[],
  settings: SettingsSketch = {},
  grouping: Grouping = {},
): string[] => groupLines(group(topologyOf(functions, settings), grouping));

/** The groups whatever their ids: for comparing two partitions. */
export const partitionOf = (iommu: Iommu): string[] => groupLines(iommu).sort();

/** Why the function is in its group. */
export const reasonFor = (
  address: string,
  functions: readonly PciFunction[],
  settings: SettingsSketch = {},
  grouping: Grouping = {},
): PciReason => {
  const topology = topologyOf(functions, settings);
  const outcome: DeviceOutcome = group(topology, grouping).outcomeOf(at(topology, address));
  const [reason] = outcome.reasons;
  if (!(reason instanceof PciReason)) throw new Error(`${address} has no group`);
  return reason;
};
