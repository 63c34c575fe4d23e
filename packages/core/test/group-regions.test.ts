import { expect, test } from 'vitest';
import type { Device, ReservedRegion } from '../src/index.js';
import { codeOf, groupOf } from './support/observe.js';
import { boot, device, refusal, toyDriver } from './support/toy.js';

const [a, b, c] = [device('a'), device('b'), device('c')];

const at = (start: bigint): ReservedRegion => ({ start, end: start + 1n, type: 'reserved' });
const driver = toyDriver({
  units: { u: [a, b] },
  together: [a, b],
  reservedRegions: (wanted) => (wanted === a ? [at(8n), at(0n)] : [at(2n), at(8n)]),
});

test('the regions of a group are those of all members, sorted and merged', () => {
  const iommu = boot({ devices: [a, b], drivers: [driver] });
  expect(iommu.reservedRegions(groupOf(iommu, a))).toEqual([{ start: 0n, end: 3n, type: 'reserved' }, at(8n)]);
});

test('the list ends at the first member, when that has no IOMMU', () => {
  const iommu = boot({ devices: [b, c], drivers: [driver] });
  const made = iommu.groups.alloc();
  iommu.groups.join(made, c);
  expect(iommu.reservedRegions(made)).toEqual([]);
});

test('the list leaves out the members behind one that joined by hand', () => {
  const iommu = boot({ devices: [b], drivers: [driver] });
  const group = groupOf(iommu, b);
  iommu.groups.join(group, c);
  iommu.addDevice(a);
  expect(group.devices).toEqual([b, c, a]);
  expect(iommu.reservedRegions(group)).toEqual([at(2n), at(8n)]);
});

test('a driver is not asked about a member that it did not put there, nor about a device without a group', () => {
  const asked: string[] = [];
  const reservedRegions = ({ name }: Device) => {
    asked.push(name);
    return [];
  };
  const deviceGroup = () => refusal('ENODEV');
  const iommu = boot({ devices: [a, b], drivers: [toyDriver({ units: { u: [a, b] }, reservedRegions, deviceGroup })] });
  const made = iommu.groups.alloc();
  iommu.groups.join(made, a);
  expect([iommu.reservedRegions(made), iommu.reservedRegionsOf(a), iommu.reservedRegionsOf(b)]).toEqual([[], [], []]);
  expect(asked).toEqual([]);
});

test('an empty group has no regions, and an ended one is an error', () => {
  const iommu = boot({ devices: [], drivers: [driver] });
  const group = iommu.groups.alloc();
  expect(iommu.reservedRegions(group)).toEqual([]);
  iommu.groups.put(group);
  expect(codeOf(() => iommu.reservedRegions(group))).toBe('ERR_GROUP_ENDED');
});

test('the regions of one member are its own, and none where no IOMMU translates it', () => {
  const iommu = boot({ devices: [a, b, c], drivers: [driver] });
  expect(iommu.reservedRegionsOf(a)).toEqual([at(0n), at(8n)]);
  iommu.groups.join(groupOf(iommu, a), c);
  expect(iommu.reservedRegionsOf(c)).toEqual([]);
  iommu.removeDevice(b);
  expect(codeOf(() => iommu.reservedRegionsOf(b))).toBe('ERR_DEVICE_UNKNOWN');
});
