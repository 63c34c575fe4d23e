import { intelVtd } from '@iommu/driver-intel-vtd';
import { boot, type Machine } from '@iommu/machine';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { type ComparisonReport, comparePolicies, comparisonSchema } from '../src/index.js';
import { card, machineOf, port } from './support/machines.js';

const validate = new Ajv2020({ allowUnionTypes: true }).compile(comparisonSchema);

const under = (machine: Machine, policy: string, commandLine = '') => {
  const options = { drivers: [intelVtd()], policy, commandLine };
  return { running: boot(machine, options), optimistic: boot(machine, { ...options, unknown: 'optimistic' }) };
};

const compared = (machine: Machine, policy: string): ComparisonReport => {
  const report = comparePolicies(under(machine, 'kernel'), under(machine, policy));
  const record = { ...report, input: '1' };
  expect(validate(record), JSON.stringify(validate.errors)).toBe(true);
  return report;
};

const OPEN = [port(1, { acs: null }), card(1), port(2), card(2)];

test('tells of a group that splits, with the reason for each part', () => {
  const { changes, groups, devices, certain } = compared(machineOf(OPEN), 'acs-override=downstream');
  expect({ groups, devices, certain }).toEqual({ groups: { before: 3, after: 4 }, devices: 4, certain: true });
  expect(changes).toEqual([
    {
      change: 'split',
      before: [['0000:00:01.0', '0000:01:00.0']],
      after: [['0000:00:01.0'], ['0000:01:00.0']],
      reasons: ['0000:00:01.0', '0000:01:00.0'].map((device) => ({
        device,
        reason: expect.stringContaining('split on paper'),
      })),
    },
  ]);
});

test('tells of groups that merge', () => {
  const override = under(machineOf(OPEN), 'acs-override=downstream');
  const { changes } = comparePolicies(override, under(machineOf(OPEN), 'kernel'));
  expect(changes.map(({ change, before, after }) => [change, before.length, after.length])).toEqual([['merged', 2, 1]]);
});

test('tells of groups that are no more, and of groups that come', () => {
  const machine = machineOf([port(1)]);
  const [on, off] = [under(machine, 'kernel'), under(machine, 'kernel', 'intel_iommu=off')];
  expect(comparePolicies(on, off).changes).toMatchObject([{ change: 'lost', before: [['0000:00:01.0']], after: [] }]);
  expect(comparePolicies(off, on).changes).toMatchObject([{ change: 'gained', before: [] }]);
});

test('says nothing of what stays', () => {
  expect(compared(machineOf(OPEN), 'grouping-3.18').changes).toEqual([]);
});

test('is not certain where a fact is missing that could change either side', () => {
  const { acs: _, ...unread } = port(1);
  expect(compared(machineOf([unread, card(1)]), 'reachability-2025').certain).toBe(false);
});
