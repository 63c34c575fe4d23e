import type { PciFunction } from '@iommu/pci';
import { expect, test } from 'vitest';
import { amdVi, parseIvrs, usedIvhds } from '../src/index.js';
import { boot, bridge, fn, groupLines, machine, node, UNIT, unitFunction } from './support/platform.js';

const HOST = fn('00:00.0', { class: '060000' });

const assume = (functions: readonly PciFunction[]) => amdVi().assume?.(machine({ functions }).platform.devices);

/** The supposed table's units: `2: 3-fffe`, with the segment before it where it is not 0. */
const unitsFor = (functions: readonly PciFunction[]): string[] => {
  const bytes = assume(functions)?.acpi['IVRS'];
  if (!bytes) return [];
  return usedIvhds(parseIvrs(bytes)).map(({ deviceId, segment, entries }) => {
    const ids = entries.map((entry) => ('deviceId' in entry ? entry.deviceId.toString(16) : entry.kind));
    return `${segment ? `${segment}/` : ''}${deviceId.toString(16)}: ${ids.join('-')}`;
  });
};

test('supposes that a single unit takes all after it', () => {
  expect(unitsFor([HOST, UNIT, fn('00:03.0')])).toEqual(['2: 3-fffe']);
});

test('supposes that a unit of an older chipset takes the host bridge too, and not the processor', () => {
  expect(unitsFor([HOST, { ...UNIT, id: '1002:5a23' }])).toEqual(['2: 0-bf-100-fffe']);
});

test('supposes of several units that each takes all up to the next root bus, the highest first', () => {
  const functions = [HOST, UNIT, unitFunction('40:00.2'), unitFunction('c0:00.2')];
  expect(unitsFor(functions)).toEqual(['c002: c003-fffe', '4002: 4003-bfff', '2: 3-3fff']);
});

test('supposes units in the order of their addresses, whatever that of the devices', () => {
  const functions = [HOST, UNIT, unitFunction('40:00.2')];
  const { devices } = machine({ functions }).platform;
  const [given, reversed] = [devices, [...devices].reverse()].map((list) => amdVi().assume?.(list));
  expect(reversed).toEqual(given);
  expect(given?.text).toContain('at 0000:00:00.2, 0000:40:00.2 for');
});

test('supposes a unit in the last segment that a table can name', () => {
  expect(unitsFor([HOST, unitFunction('ffff:00:00.2')])).toEqual(['65535/2: 3-fffe']);
});

test('supposes units for each segment of their own', () => {
  expect(unitsFor([HOST, UNIT, unitFunction('0001:00:00.2')])).toEqual(['1/2: 3-fffe', '2: 3-fffe']);
});

test('takes the root bus of a unit that is below a bridge', () => {
  const below = [bridge('40:01.0', 0x41), unitFunction('41:00.2')];
  expect(unitsFor([HOST, UNIT, ...below])).toEqual(['4102: 4103-fffe', '2: 3-3fff']);
});

test.each<[string, readonly PciFunction[]]>([
  ['no unit', [HOST]],
  ['a unit of another vendor', [HOST, { ...UNIT, id: '8086:1234' }]],
  ['a function of another class', [HOST, fn('00:00.2')]],
  ['a function of an unknown class', [HOST, { address: '00:00.2', id: '1022:1481' }]],
  [
    'a unit in a segment of a host that makes its own',
    [fn('00:0e.0'), { ...unitFunction('10000:e0:00.2'), segmentHost: '00:0e.0' }],
  ],
])('supposes nothing for %s', (_, functions) => {
  expect(assume(functions)).toBeUndefined();
});

test('looks at PCI functions only', () => {
  expect(amdVi().assume?.([node('AMDI0020:00', 'AMDI0020')])).toBeUndefined();
});

test('says what it supposes', () => {
  expect(assume([HOST, UNIT])?.text).toBe(
    'an AMD-Vi unit at 0000:00:00.2 for the functions after it, without reserved memory',
  );
});

test('supposes a table with which the machine boots', () => {
  const functions = [HOST, UNIT, fn('00:03.0'), unitFunction('40:00.2'), fn('40:03.0')];
  const ivrs = assume(functions)?.acpi['IVRS'] as Uint8Array;
  expect(groupLines(boot({ ivrs, functions }))).toEqual(['40:03.0', '00:03.0']);
});
