import { Iommu, isIommuError } from '@iommu/core';
import { describe, expect, test } from 'vitest';
import amd, { amdVi } from '../src/index.js';
import { acpiHid, all, block, ivhd, ivrs, ivrsOf, select, special } from './support/ivrs.js';
import {
  bind,
  bindTo,
  boot,
  bridge,
  deviceAt,
  fn,
  groupLines,
  type MachineSketch,
  machine,
  node,
  UNIT,
  unitFunction,
} from './support/platform.js';

const NIC = fn('00:03.0');
const STONEY = fn('00:01.0', { id: '1002:98e4', class: '030000' });

/** The rule by which a function has no IOMMU, or the unit that it has. */
const fate = (sketch: MachineSketch, address = '00:03.0'): string => {
  const built = machine(sketch);
  const found = bindTo(built).unitOf(deviceAt(built, address));
  if (!found) return 'not known';
  return 'unit' in found ? found.unit.name : found.none.rule;
};

test('follows version 1 of the contract under its name', () => {
  expect(amdVi()).toMatchObject({ specVersion: 1, name: 'amd-vi' });
});

test('is the default export of its package', () => {
  expect(amd).toBe(amdVi);
});

test('does not bind to a machine without an IVRS', () => {
  expect(amdVi().bind(machine({ functions: [NIC] }).platform)).toBeUndefined();
});

test('groups functions by the rule for PCI, and leaves out the unit itself', () => {
  const functions = [UNIT, bridge('00:01.0', 1, { acs: null }), fn('01:00.0'), NIC];
  expect(groupLines(boot({ ivrs: ivrsOf(all), functions }))).toEqual(['00:01.0 01:00.0', '00:03.0']);
});

test('hands out ids unit by unit in table order', () => {
  const table = ivrs(ivhd({ unit: '40:00.2' }, select('40:01.0')), ivhd({ unit: '00:00.2' }, select('00:03.0')));
  const functions = [UNIT, NIC, unitFunction('40:00.2'), fn('40:01.0')];
  expect(groupLines(boot({ ivrs: table, functions }))).toEqual(['40:01.0', '00:03.0']);
});

test('hands out ids in the order of devices before 6.1', () => {
  const table = ivrs(ivhd({ unit: '40:00.2' }, select('40:01.0')), ivhd({ unit: '00:00.2' }, select('00:03.0')));
  const functions = [UNIT, NIC, unitFunction('40:00.2'), fn('40:01.0')];
  const rules = { 'unit-registration': 'all-at-once' };
  expect(groupLines(boot({ ivrs: table, functions, rules }))).toEqual(['00:03.0', '40:01.0']);
});

test('asks for ACS', () => {
  expect(bind({ ivrs: ivrsOf(all), functions: [UNIT] }).busFeatures).toEqual(['pci-acs']);
});

describe('is off, and says why, with', () => {
  const many = Array.from({ length: 33 }, (_, at) => `00:${at.toString(16).padStart(2, '0')}.1`.replace('20.', '1f.'));
  const badSum = ivrsOf(all);
  badSum[9] = (badSum[9] as number) ^ 1;
  test.each<[string, MachineSketch, string, readonly string[]]>([
    ['iommu=off', { commandLine: 'iommu=off' }, 'amdvi-disabled', []],
    ['amd_iommu=off', { commandLine: 'amd_iommu=off' }, 'amdvi-disabled', ['pci-acs']],
    ['Stoney Ridge graphics', { functions: [UNIT, STONEY, NIC] }, 'amdvi-off-by-quirk', []],
    ['a wrong checksum', { ivrs: badSum }, 'ivrs-checksum', ['pci-acs']],
    ['a table that cannot be right', { ivrs: ivrs(block(0x10, [], 2)) }, 'ivrs-invalid', ['pci-acs']],
    ['no unit', { ivrs: ivrs() }, 'ivrs-no-unit', ['pci-acs']],
    ['too many units', { ivrs: ivrs(...many.map((unit) => ivhd({ unit }, all))) }, 'ivrs-too-many-units', ['pci-acs']],
    ['a special device of another kind', { ivrs: ivrsOf(special('00:14.0', 3)) }, 'ivrs-special-device', ['pci-acs']],
    ['a unit that is not there', { functions: [NIC] }, 'ivrs-unit-absent', ['pci-acs']],
    [
      'one of two units that is not there',
      { ivrs: ivrs(ivhd({}, all), ivhd({ unit: '40:00.2' }, select('41:00.0'))) },
      'ivrs-unit-absent',
      ['pci-acs'],
    ],
  ])('%s', (_, sketch, rule, features) => {
    const whole = { ivrs: ivrsOf(all), functions: [UNIT, NIC], ...sketch };
    expect(fate(whole)).toBe(rule);
    const bound = bind(whole);
    expect([bound.units, bound.busFeatures]).toEqual([[], features]);
    expect([...boot(whole).groups]).toEqual([]);
  });
});

test.each<[string, MachineSketch]>([
  ['amd_iommu=force_enable', { commandLine: 'amd_iommu=force_enable' }],
  ['a release before 5.6', { release: '5.5' }],
])('is on despite Stoney Ridge graphics with %s', (_, more) => {
  expect(fate({ ivrs: ivrsOf(all), functions: [UNIT, STONEY, NIC], ...more })).toBe('ivhd0');
});

test.each(['1022:98e4', '1002:98e5'])('is on with other graphics: %s', (id) => {
  expect(fate({ ivrs: ivrsOf(all), functions: [UNIT, { ...STONEY, id }, NIC] })).toBe('ivhd0');
});

test('has room for 32 units', () => {
  const table = ivrs(...Array.from({ length: 32 }, (_, at) => ivhd({ unit: `${(at + 1).toString(16)}:00.2` }, all)));
  expect(fate({ ivrs: table, functions: [NIC] })).toBe('ivrs-unit-absent');
});

test('is off on a machine without PCI functions, where its unit is not', () => {
  expect(bind({ ivrs: ivrsOf(all), functions: [] }).units).toEqual([]);
});

test('takes a capability that is not in the input for that of a usual unit, and says so', () => {
  const codes = (unit: typeof UNIT) => {
    const built = machine({ ivrs: ivrsOf(all), functions: [unit] });
    bindTo(built);
    return built.diagnostics.map(({ severity, code }) => `${severity}: ${code}`);
  };
  expect(codes(UNIT)).toEqual(['assumed: amdvi-registers-unknown']);
  expect(codes(unitFunction('00:00.2', 0))).toEqual([]);
});

test.each([
  ['another bus', '01:00.0'],
  ['a function above 0', '00:01.1'],
  ['another segment', '0001:00:01.0'],
])('is on with Stoney Ridge graphics at %s', (_, address) => {
  expect(fate({ ivrs: ivrsOf(all), functions: [UNIT, { ...STONEY, address }, NIC] })).toBe('ivhd0');
});

test.each([
  ['ivrs-checksum', 9],
  ['ivrs-invalid', 50],
])('reports %s as a bug of the firmware', (code, at) => {
  const bytes = ivrsOf(all);
  bytes[at] = (bytes[at] as number) ^ 1;
  const built = machine({ ivrs: at === 9 ? bytes : ivrs(block(0x10, [], 2)), functions: [UNIT] });
  bindTo(built);
  expect(built.diagnostics).toMatchObject([{ severity: 'firmware-bug', code }]);
});

test.each([
  ['cut', ivrsOf(all).subarray(0, 50)],
  ['of another signature', ivrsOf(all).map((byte, at) => (at === 0 ? 0x44 : byte))],
])('throws for a table that is %s', (_, bytes) => {
  try {
    bind({ ivrs: bytes, functions: [UNIT] });
    expect.unreachable();
  } catch (error) {
    expect(isIommuError(error) && error.code).toMatch(/^ERR_TABLE_(TRUNCATED|SIGNATURE)$/);
  }
});

test('offers nothing while it is off', () => {
  const built = machine({ ivrs: ivrs(), functions: [NIC] });
  const bound = bindTo(built);
  const device = deviceAt(built, '00:03.0');
  expect(bound.reservedRegions(device)).toEqual([]);
  expect(bound.deviceGroup(device, {} as never)).toMatchObject({ errno: 'ENODEV', reason: { rule: 'ivrs-no-unit' } });
});

test('does not know a device that is neither on PCI nor named by ACPI ids', () => {
  expect(bind({ ivrs: ivrsOf(all), functions: [UNIT] }).unitOf(node('serial8250'))).toBeUndefined();
});

test('refuses to group, and has no regions for, a device that it does not know', () => {
  const entries = ['0', '1'].map((uid) => acpiHid('00:14.5', { uid }));
  const bound = bind({ ivrs: ivrsOf(all, ...entries), functions: [UNIT] });
  for (const device of [node('serial8250'), node('AMDI0020:07', 'AMDI0020', '7')]) {
    expect(bound.deviceGroup(device, {} as never)).toMatchObject({
      errno: 'ENODEV',
      reason: { rule: 'not-in-ivrs', source: 'check_device()', devices: [device] },
    });
    expect(bound.reservedRegions(device)).toEqual([]);
  }
});

test('groups what is plugged in later', () => {
  const built = machine({ ivrs: ivrsOf(all), functions: [UNIT, NIC] });
  const iommu = new Iommu({ platform: built.platform, drivers: [amdVi()] });
  iommu.registerUnits();
  iommu.addDevice(built.topology.add(fn('00:04.0')));
  expect(groupLines(iommu)).toEqual(['00:03.0', '00:04.0']);
});
