import { Iommu } from '@iommu/core';
import { expect, test } from 'vitest';
import { amdVi } from '../src/index.js';
import { acpiHid, all, ivhd, ivmd, ivrs, ivrsOf, select } from './support/ivrs.js';
import { bind, boot, describeUnit, fn, groupLines, machine, node, UNIT, unitFunction } from './support/platform.js';

const UART0 = node('AMDI0020:00', 'AMDI0020', '0');
const UART1 = node('AMDI0020:01', 'AMDI0020', '1');
const I2C = node('AMDI0010:00', 'AMDI0010', '0');
const STRICT = { 'amd-acpi-hid': 'hid-and-uid' };

/** What becomes of the first UART under entries for devices of ACPI. */
const fate = (entries: readonly number[][], rules: Readonly<Record<string, string>> = {}): string =>
  describeUnit(bind({ ivrs: ivrsOf(all, ...entries), functions: [UNIT], rules }).unitOf(UART0));

test.each([
  ['the entry with both its ids', [acpiHid('00:14.5', { uid: '0' })], 'ivhd0'],
  ['an entry whose unique id is a number', [acpiHid('00:14.5', { uid: [0, 0, 0, 0, 0, 0, 0, 0] })], 'ivhd0'],
  ['an entry without a unique id', [acpiHid('00:14.5')], 'ivhd0'],
  ['no entry with another hardware id', [acpiHid('00:14.5', { hid: 'AMDI0010' })], 'not known'],
  ['the only entry with its hardware id', [acpiHid('00:14.5', { uid: '\\_SB.FUR0' })], 'ivhd0'],
  [
    'none of several entries with its hardware id alone',
    [acpiHid('00:14.5', { uid: '\\_SB.FUR0' }), acpiHid('00:14.5', { uid: '\\_SB.FUR1' })],
    'acpi-hid-ambiguous',
  ],
  [
    'the right one of several',
    [acpiHid('00:14.5', { uid: '7' }), acpiHid('00:14.6', { uid: '8' }), acpiHid('00:14.5', { uid: '0' })],
    'ivhd0',
  ],
])('finds %s', (_, entries, expected) => {
  expect(fate(entries)).toBe(expected);
});

test.each([
  ['the entry with both its ids', [acpiHid('00:14.5', { uid: '0' })], 'ivhd0'],
  ['an entry without a unique id', [acpiHid('00:14.5')], 'ivhd0'],
  ['no entry with its hardware id alone', [acpiHid('00:14.5', { uid: '\\_SB.FUR0' })], 'not known'],
])('finds before 6.16 %s', (_, entries, expected) => {
  expect(fate(entries, STRICT)).toBe(expected);
});

test('has no unit for a device whose requester id no unit translates', () => {
  const table = ivrsOf(select('00:01.0'), acpiHid('00:14.5'));
  expect(describeUnit(bind({ ivrs: table, functions: [UNIT] }).unitOf(UART0))).toBe('not-in-ivrs');
});

test('presents the requester id of the entry', () => {
  const found = bind({ ivrs: ivrsOf(all, acpiHid('00:14.5')), functions: [UNIT] }).unitOf(UART0);
  expect(found).toMatchObject({ ids: [0xa5] });
});

const SHARED = ivrsOf(
  all,
  acpiHid('00:14.5', { uid: '0' }),
  acpiHid('00:14.5', { uid: '1' }),
  acpiHid('00:14.6', { hid: 'AMDI0010' }),
);

test('groups devices with one requester id, and none with another', () => {
  const iommu = boot({ ivrs: SHARED, functions: [UNIT], nodes: [UART0, I2C, UART1] });
  expect(groupLines(iommu)).toEqual(['AMDI0020:00 AMDI0020:01', 'AMDI0010:00']);
});

test('does not group a device of ACPI with the function that has its requester id', () => {
  const iommu = boot({ ivrs: SHARED, functions: [UNIT, fn('00:14.5')], nodes: [UART0] });
  expect(groupLines(iommu)).toEqual(['00:14.5', 'AMDI0020:00']);
});

test('tells equal requester ids of two segments apart', () => {
  const table = ivrs(
    ivhd({ type: 0x40 }, all, acpiHid('00:14.5', { uid: '0' })),
    ivhd({ type: 0x40, segment: 1 }, all, acpiHid('00:14.5', { uid: '1' })),
  );
  const functions = [UNIT, unitFunction('0001:00:00.2')];
  expect(groupLines(boot({ ivrs: table, functions, nodes: [UART0, UART1] }))).toEqual(['AMDI0020:00', 'AMDI0020:01']);
});

test('says which device a group is shared with, and why a device is alone', () => {
  const iommu = boot({ ivrs: SHARED, functions: [UNIT], nodes: [UART0, UART1] });
  expect(iommu.outcomeOf(UART0).reasons).toMatchObject([{ rule: 'acpi-hid-own-id', devices: [UART0] }]);
  expect(iommu.outcomeOf(UART1).reasons).toMatchObject([{ rule: 'acpi-hid-same-id', devices: [UART0] }]);
});

test('gives a device that comes back the group of those that stayed, or a new one', () => {
  const { platform } = machine({ ivrs: SHARED, functions: [UNIT], nodes: [UART0, UART1] });
  const iommu = new Iommu({ platform, drivers: [amdVi()] });
  iommu.registerUnits();
  iommu.removeDevice(UART0);
  const again = node('AMDI0020:00', 'AMDI0020', '0');
  iommu.addDevice(again);
  expect(groupLines(iommu)).toEqual(['AMDI0020:01 AMDI0020:00']);
  iommu.removeDevice(UART1);
  iommu.removeDevice(again);
  expect(groupLines(iommu)).toEqual([]);
  iommu.addDevice(UART1);
  expect(groupLines(iommu)).toEqual(['AMDI0020:01']);
});

test('reserves for a device of ACPI what is reserved for its requester id', () => {
  const table = ivrs(
    ivhd({ type: 0x40 }, all, acpiHid('00:14.5')),
    ivmd({ type: 0x21, first: '00:14.5', start: 0x1000n, length: 0x1000n }),
  );
  const [first] = bind({ ivrs: table, functions: [UNIT] }).reservedRegions(UART0);
  expect(first).toEqual({ start: 0x1000n, end: 0x1fffn, type: 'direct' });
});

test('has no opinion on the domain of a device of ACPI', () => {
  expect(bind({ ivrs: SHARED, functions: [UNIT] }).defaultDomainType?.(UART0)).toBeUndefined();
});
