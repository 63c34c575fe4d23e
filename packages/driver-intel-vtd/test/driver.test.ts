import { Iommu, isIommuError } from '@iommu/core';
import { describe, expect, test } from 'vitest';
import vtd, { intelVtd } from '../src/index.js';
import { allDrhd, andd, dmar, dmarWith, drhd, endpointScope, SCOPE, scope, structure } from './support/dmar.js';
import { bind, bindTo, boot, bridge, deviceAt, fn, type MachineSketch, machine, node } from './support/platform.js';

const NIC = fn('00:03.0');
const OPEN_PORT = bridge('00:1c.0', 1, { acs: null });

const groupLines = (iommu: Iommu): string[] =>
  [...iommu.groups].map(({ devices }) => devices.map(({ name }) => name.replace('0000:', '')).join(' '));

const whyNone = (address: string, sketch: MachineSketch): string => {
  const built = machine(sketch);
  const found = bindTo(built).unitOf(deviceAt(built, address));
  return found && 'none' in found ? `${found.none.rule}: ${found.none.text}` : 'has a unit';
};

test('follows version 1 of the contract under its name', () => {
  expect(intelVtd()).toMatchObject({ specVersion: 1, name: 'intel-vtd' });
});

test('is the default export of its package', () => {
  expect(vtd).toBe(intelVtd);
});

test('does not bind to a machine without a DMAR', () => {
  expect(intelVtd().bind(machine({ functions: [NIC] }).platform)).toBeUndefined();
});

test('groups functions by the rule for PCI', () => {
  const iommu = boot({ dmar: dmar(allDrhd()), functions: [OPEN_PORT, fn('01:00.0'), NIC] });
  expect(groupLines(iommu)).toEqual(['00:03.0', '00:1c.0 01:00.0']);
});

test('gives a device that is no PCI function a group of its own', () => {
  const table = dmar(
    drhd({ base: 2 }, scope(SCOPE.namespace, '00:15.0', { id: 1 }), scope(SCOPE.namespace, '00:15.0', { id: 2 })),
    andd(1, '\\_SB.I2C0'),
    andd(2, '\\_SB.I2C1'),
  );
  const iommu = boot({ dmar: table, functions: [], nodes: [node('\\_SB.I2C0'), node('\\_SB.I2C1')] });
  expect(groupLines(iommu)).toEqual(['I2C0', 'I2C1']);
});

test('says why a device that is no PCI function is alone', () => {
  const table = dmar(drhd({ base: 2 }, scope(SCOPE.namespace, '00:15.0', { id: 1 })), andd(1, '\\_SB.I2C0'));
  const device = node('\\_SB.I2C0');
  const iommu = boot({ dmar: table, functions: [], nodes: [device] });
  expect(iommu.outcomeOf(device).reasons).toMatchObject([{ rule: 'one-group-per-device', devices: [device] }]);
});

test('leaves a function without a unit out of every group', () => {
  const iommu = boot({ dmar: dmar(drhd({ base: 2 }, endpointScope('00:03.0'))), functions: [NIC, fn('00:04.0')] });
  expect(groupLines(iommu)).toEqual(['00:03.0']);
});

test('groups a function with one of another unit', () => {
  const table = dmar(drhd({ base: 2 }, endpointScope('00:1c.0/00.0')), allDrhd());
  // The unit that names the endpoint registers first: the port has no group yet.
  expect(groupLines(boot({ dmar: table, functions: [OPEN_PORT, fn('01:00.0')] }))).toEqual(['01:00.0', '00:1c.0']);
});

test('registers all units at once where the kernel did, so that parents come first', () => {
  const table = dmar(drhd({ base: 2 }, endpointScope('00:1c.0/00.0')), allDrhd());
  const rules = { 'unit-registration': 'all-at-once' };
  expect(groupLines(boot({ dmar: table, functions: [OPEN_PORT, fn('01:00.0')], rules }))).toEqual(['00:1c.0 01:00.0']);
});

test('keeps no state between machines', () => {
  const driver = intelVtd();
  const [first, second] = [machine({ dmar: dmar(allDrhd()) }), machine({ dmar: dmar(allDrhd()) })];
  expect(driver.bind(first.platform)?.units[0]).not.toBe(driver.bind(second.platform)?.units[0]);
});

describe('a DMAR that Linux refuses', () => {
  const refused: readonly [string, Uint8Array][] = [
    ['a structure that passes its end', dmar(allDrhd(), structure(0, [], 99))],
    ['a host address width below a page', dmarWith({ width: 5 }, allDrhd())],
    ['a name-space device without the end of its name', dmar(allDrhd(), andd(1, 'X', []))],
    ['a unit without registers', dmar(allDrhd(0))],
    ['one of two units without registers', dmar(drhd({ base: 0 }, endpointScope('00:02.0')), allDrhd())],
    ['no unit', dmar()],
  ];

  test.each(refused)('leaves every device without an IOMMU: %s', (_, table) => {
    expect(whyNone('00:03.0', { dmar: table, functions: [NIC] })).toMatch(/^dmar-invalid: /);
  });

  test('says where it is wrong', () => {
    const table = dmar(allDrhd(), structure(0, [], 99));
    expect(whyNone('00:03.0', { dmar: table, functions: [NIC] })).toContain('DMAR+0x40');
  });

  test('is reported as a firmware bug', () => {
    const built = machine({ dmar: dmar(allDrhd(), structure(0, [], 99)), functions: [NIC] });
    bindTo(built);
    expect(built.diagnostics).toMatchObject([{ severity: 'firmware-bug', code: 'dmar-invalid' }]);
  });

  test('does not ask for ACS', () => {
    expect(bind({ dmar: dmar() }).busFeatures).toBeUndefined();
  });

  test('refuses to group, if asked all the same', () => {
    const built = machine({ dmar: dmar(), functions: [NIC] });
    expect(bindTo(built).deviceGroup(deviceAt(built, '00:03.0'), {} as never)).toMatchObject({ errno: 'ENODEV' });
  });

  test('reserves nothing', () => {
    const built = machine({ dmar: dmar(), functions: [NIC] });
    expect(bindTo(built).reservedRegions(deviceAt(built, '00:03.0'))).toEqual([]);
  });
});

test.each([
  ['is cut off', dmar(allDrhd()).subarray(0, 60), 'ERR_TABLE_TRUNCATED'],
  ['is another table', Uint8Array.from(dmar(allDrhd()), (byte, at) => (at === 0 ? 0x58 : byte)), 'ERR_TABLE_SIGNATURE'],
])('throws when the table %s: that is the input’s fault', (_, table, code) => {
  expect(() => bind({ dmar: table, functions: [NIC] })).toThrow(expect.toSatisfy((error) => isIommuError(error, code)));
});

test('reports a wrong checksum and goes on', () => {
  const table = dmar(allDrhd());
  table[9] = (table[9] ?? 0) ^ 1;
  const built = machine({ dmar: table, functions: [NIC] });
  expect(bindTo(built).units).toHaveLength(1);
  expect(built.diagnostics[0]).toMatchObject({ severity: 'firmware-bug', code: 'dmar-checksum' });
});

test('reports what it had to work around in a scope, once', () => {
  const table = dmar(drhd({ base: 2 }, endpointScope('01:00.0')), allDrhd());
  const built = machine({ dmar: table, functions: [OPEN_PORT, fn('01:00.0')] });
  const iommu = new Iommu({ platform: built.platform, drivers: [intelVtd()] });
  iommu.registerUnits();
  expect(built.diagnostics.filter(({ code }) => code === 'dmar-scope-path')).toEqual([
    {
      severity: 'firmware-bug',
      code: 'dmar-scope-path',
      message: expect.stringMatching(/^the scope 01:00.0 gives a bus number .*; taken as 0000:01:00\.0$/),
      // Behind the header of the table and that of the unit.
      at: { table: 'DMAR', offset: 64 },
    },
  ]);
});

test('still asks for ACS when a scope contradicts its function', () => {
  const bound = bind({ dmar: dmar(drhd({ base: 2 }, endpointScope('00:1c.0')), allDrhd()), functions: [OPEN_PORT] });
  expect([bound.units, bound.busFeatures]).toEqual([[], ['pci-acs']]);
});
