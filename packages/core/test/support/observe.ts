import { expect } from 'vitest';
import {
  type Device,
  type ErrorCode,
  type Group,
  type GroupTable,
  type Iommu,
  type IommuEvent,
  isIommuError,
} from '../../src/index.js';

/** All groups as plain data, to compare before and after. */
export const groupsOf = (groups: GroupTable) =>
  [...groups].map(({ id, name, type, references, devices, linkNames, data }) => ({
    id,
    name,
    type,
    references,
    data,
    members: devices.map((member) => member.name),
    linkNames: [...linkNames],
  }));

/** The members of each group, by id. */
export const membersOf = (groups: GroupTable): Record<number, string[]> =>
  Object.fromEntries([...groups].map(({ id, devices }) => [id, devices.map(({ name }) => name)]));

/** Everything that a model shows, as plain data. */
export const stateOf = (iommu: Iommu) => ({
  groups: groupsOf(iommu.groups),
  units: iommu.units.map(({ name }) => name),
  devices: iommu.devices.map((member) => ({
    name: member.name,
    group: iommu.groups.of(member)?.id,
    driver: iommu.kernelDriverOf(member),
  })),
  viable: [...iommu.groups].map((group) => iommu.isViable(group)),
});

/** The id that the next group would get; nothing stays allocated. */
export const nextId = (groups: GroupTable): number => {
  using group = groups.alloc();
  return group.id;
};

/** An event as one line: `add-device 0 a`, `unit-added u0`. */
const lineOf = (event: IommuEvent): string => {
  if ('unit' in event) return `${event.type} ${event.unit.name}`;
  return 'device' in event ? `${event.type} ${event.group.id} ${event.device.name}` : `${event.type} ${event.group.id}`;
};

/** The events from now on, in order. */
export const listen = (iommu: Iommu): string[] => {
  const lines: string[] = [];
  iommu.on((event) => lines.push(lineOf(event)));
  return lines;
};

/** The error that a call throws; fails when it throws none. */
export const thrownBy = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  return expect.fail('nothing was thrown');
};

/** The code of the IommuError that a call throws, and behind it the errno if it has one: `ERR_REFUSED EBUSY`. */
export const codeOf = (call: () => unknown): ErrorCode => {
  const error = thrownBy(call);
  if (!isIommuError(error)) throw error;
  return error.errno === undefined ? error.code : `${error.code} ${error.errno}`;
};

/** The rules of the reasons that the model gives for a device. */
export const rulesOf = (iommu: Iommu, device: Device): string[] =>
  iommu.outcomeOf(device).reasons.map(({ rule }) => rule);

/** The group of a device that must have one; no reference is taken. */
export const groupOf = (iommu: Iommu, device: Device): Group =>
  iommu.groups.of(device) ?? expect.fail(`${device.name} has no group`);
