import { boot, type Machine } from '@iommu/machine';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { type IdsReport, idsSchema, stableIds } from '../src/index.js';
import { changed, desk, drivers } from './support/drawn.js';
import { card, machineOf, port } from './support/machines.js';

const validate = new Ajv2020({ allowUnionTypes: true }).compile(idsSchema);

const asked = (machine: Machine): IdsReport => {
  const report = stableIds(boot(machine, { drivers }));
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  return report;
};

const groups = ({ groups: list }: IdsReport): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(list.map(({ path, devices }) => [path, devices.map((one) => one.path)]));

test('names devices by the chain from the root bus, virtual functions by their physical one', () => {
  expect(groups(asked(desk()))).toMatchObject({
    '0000:00:01.0': ['0000:00:01.0', '0000:00:01.0/00.0', '0000:00:01.0/00.1'],
    '0000:00:02.0/00.0/virtfn1': ['0000:00:02.0/00.0/virtfn1'],
    '0000:00:03.0/00.0': ['0000:00:03.0/00.0', '0000:00:03.0/00.0/01.0', '0000:00:03.0/00.0/04.0'],
  });
});

test('a new card leaves the names of all others, though addresses and numbers shift', () => {
  const [before, after] = [desk(), changed('add pci-adapter to 00:04.0').machine].map(asked) as [IdsReport, IdsReport];
  expect(groups(after)).toMatchObject(groups(before));
  const added = Object.keys(groups(after)).filter((path) => !(path in groups(before)));
  expect(added).toEqual(['0000:00:04.0/00.0']);
  const numbers = (report: IdsReport) => new Map(report.groups.map(({ path, id }) => [path, id]));
  expect(numbers(after).get('0000:00:06.0/00.0')).not.toBe(numbers(before).get('0000:00:06.0/00.0'));
});

test('says where the input does not hold what leads to a device', () => {
  const { parent: _parent, ...lost } = card(5);
  const report = asked(machineOf([port(1, { subordinateBus: 5 }), lost]));
  const all = [...report.groups.flatMap(({ devices }) => devices), ...report.ungrouped];
  expect(all).toContainEqual(expect.objectContaining({ path: '0000:05:00.0', stable: false }));
  expect(all).toContainEqual(expect.objectContaining({ path: '0000:00:01.0', stable: true }));
});
