import { expect, test } from 'vitest';
import type { IommuUnit } from '../src/index.js';
import { groupOf } from './support/observe.js';
import { boot, device, type ToyDriver, toyDriver } from './support/toy.js';

const [a, b, c, d] = [device('a'), device('b'), device('c'), device('d')];

/** A driver whose one file shows what core told it. */
const counting = (rest: Partial<ToyDriver> = {}) =>
  toyDriver({
    units: { u: [a, b, c], v: [d] },
    unitAttributes: ({ name }, { translated, identity }) => ({ used: `${name} ${translated} ${identity}` }),
    ...rest,
  });

const filesOf = (iommu: ReturnType<typeof boot>) => iommu.units.map((unit) => iommu.unitAttributes(unit));

test('tells the driver how many groups use the unit, by the kind of their domain', () => {
  const iommu = boot({ devices: [a, b, c, d], drivers: [counting({ together: [a, b] })] });
  expect(filesOf(iommu)).toEqual([{ used: 'u 2 0' }, { used: 'v 1 0' }]);
  iommu.writeType(groupOf(iommu, a), 'identity');
  expect(filesOf(iommu)).toEqual([{ used: 'u 1 1' }, { used: 'v 1 0' }]);
});

test('counts a strictly flushed domain as translated', () => {
  const iommu = boot({ devices: [d], drivers: [counting()], line: 'iommu.strict=1' });
  expect(filesOf(iommu)).toEqual([{ used: 'u 0 0' }, { used: 'v 1 0' }]);
});

test('counts a group of devices behind two units for each', () => {
  const iommu = boot({ devices: [a, d], drivers: [counting({ together: [a, d] })] });
  expect(filesOf(iommu)).toEqual([{ used: 'u 1 0' }, { used: 'v 1 0' }]);
});

test('leaves out groups that have no domain', () => {
  const iommu = boot({ devices: [], drivers: [counting()] });
  iommu.groups.adopt(iommu.groups.alloc(), a);
  iommu.addDevice(a);
  expect(filesOf(iommu)).toEqual([{ used: 'u 0 0' }, { used: 'v 0 0' }]);
});

test('counts no group for members that are behind no unit, or are not there', () => {
  const [stray, gone] = [device('stray'), device('gone')];
  const iommu = boot({ devices: [stray], drivers: [counting()] });
  for (const member of [stray, gone]) iommu.groups.join(iommu.groups.alloc(), member);
  expect(filesOf(iommu)).toEqual([{ used: 'u 0 0' }, { used: 'v 0 0' }]);
});

test('asks the driver whose unit it is', () => {
  const other = toyDriver({ name: 'other', units: { w: [d] }, unitAttributes: () => ({ version: '1:0' }) });
  const iommu = boot({ devices: [], drivers: [counting({ units: { u: [a] } }), other] });
  expect(filesOf(iommu)).toEqual([{ used: 'u 0 0' }, { version: '1:0' }]);
});

test('a unit has no files where its driver fills none, and neither has the unit of no driver', () => {
  const iommu = boot({ devices: [a], drivers: [toyDriver({ units: { u: [a] } })] });
  const stranger: IommuUnit = { name: 'u' };
  expect([...filesOf(iommu), iommu.unitAttributes(stranger)]).toEqual([{}, {}]);
});
