import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { groupsReport, groupsSchema, observedReport } from '../src/index.js';
import { both, card, machineOf, port } from './support/machines.js';

const validate = new Ajv2020().compile(groupsSchema);

test('lists groups by id with members in join order, types and regions', () => {
  const [running] = both(machineOf([port(1, { acs: null }), card(1), port(2), card(2)]));
  const report = groupsReport(running);
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  expect(report.machine).toEqual({ name: 'two cards', kernel: '7.3.0', arch: 'x86' });
  expect(report.groups.map(({ id, devices }) => [id, devices])).toEqual([
    [0, ['0000:00:01.0', '0000:01:00.0']],
    [1, ['0000:00:02.0']],
    [2, ['0000:02:00.0']],
  ]);
  expect(report.groups[0]?.reservedRegions).toEqual(['0x00000000fee00000 0x00000000feefffff msi']);
});

test('says that firmware was supposed', () => {
  const [running] = both(machineOf([port(1), card(1)]));
  const { assumed, diagnostics } = groupsReport(running);
  expect(assumed).toBe(true);
  expect(diagnostics).toContainEqual(expect.objectContaining({ severity: 'assumed', code: 'firmware-assumed' }));
});

test('gives the reason of a device without a group', () => {
  const machine = { ...machineOf([port(1), card(1)]), kernel: { arch: 'x86_64', commandLine: 'intel_iommu=off' } };
  const [running] = both(machine);
  const { groups, ungrouped } = groupsReport(running);
  expect(groups).toEqual([]);
  expect(ungrouped).toEqual([
    { device: '0000:00:01.0', reason: expect.stringContaining('intel_iommu=off') },
    { device: '0000:01:00.0', reason: expect.stringContaining('intel_iommu=off') },
  ]);
});

test('names each fact that is missing once, with the devices whose groups rest on it', () => {
  const cards = Array.from({ length: 6 }, (_, fn) => card(1, { address: `0000:01:00.${fn}`, acs: null }));
  const { acs: _, ...unread } = port(1);
  const [running] = both(machineOf([unread, ...cards]));
  const facts = groupsReport(running).diagnostics.filter(({ code }) => code === 'fact-unknown');
  expect(facts).toHaveLength(1);
  expect(facts[0]?.message).toMatch(/0000:00:01\.0 is not in the input.* and \d more rest on a guess/);
});

test('reports what was observed in the same form', () => {
  const report = observedReport(machineOf([port(1), card(1), card(2)], [['0000:00:01.0', '0000:01:00.0']]));
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  expect(report?.groups).toEqual([
    { id: 0, name: null, type: 'unknown', devices: ['0000:00:01.0', '0000:01:00.0'], reservedRegions: [] },
  ]);
  expect(report?.ungrouped).toEqual([{ device: '0000:02:00.0', reason: expect.stringContaining('sysfs') }]);
});

test('reports what was observed under the names that the devices have, however they are spelled', () => {
  const functions = [card(1, { address: '01:00.0' }), card(2, { address: '02:00.0' })];
  expect(observedReport(machineOf(functions, [['0000:01:00.0']]))?.ungrouped).toMatchObject([
    { device: '0000:02:00.0' },
  ]);
});

test('reports nothing where nothing was observed', () => {
  expect(observedReport(machineOf([port(1)]))).toBeUndefined();
});
