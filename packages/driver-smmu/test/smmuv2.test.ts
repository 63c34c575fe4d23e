import { expect, test } from 'vitest';
import { iort, namedComponent, rootComplex, smmuV2 } from './support/iort.js';
import { bindTo, boot, bridge, fn, groupLines, machine, node, ruleOf } from './support/platform.js';

const BASE = 0x5000000n;
const PLAIN = iort(smmuV2(BASE), rootComplex(0, { to: 0 }));
/** 2 entries, 15 bits of id. */
const SMALL = [{ address: BASE, registers: { idr0: 0x0800_1e02n } }];

const named = (path: string, ...ids: number[]) =>
  namedComponent(path, ...ids.map((output) => ({ output, to: 0, single: true })));

test('lets devices that use one id share a group', () => {
  const table = iort(smmuV2(BASE), named('X', 5), named('Y', 6), named('Z', 5));
  const iommu = boot({ iort: table, nodes: [node('x', 'X'), node('y', 'Y'), node('z', 'Z')] });
  expect([groupLines(iommu), ruleOf(iommu, 'z')]).toEqual([['x z', 'y'], 'shared-stream']);
});

test('groups all devices behind a bridge to PCI', () => {
  const functions = [
    bridge('00:01.0', 1),
    bridge('01:00.0', 2, { express: 'pcie-to-pci-bridge', acs: null }),
    fn('02:01.0', { express: null, acs: null }),
    fn('02:02.0', { express: null, acs: null }),
  ];
  expect(groupLines(boot({ iort: PLAIN, functions }))).toEqual(['00:01.0', '01:00.0 02:01.0 02:02.0']);
});

test('refuses a device whose ids belong to different groups, which undoes the unit', () => {
  const table = iort(smmuV2(BASE), named('X', 5), named('Y', 6), named('Z', 5, 6));
  const iommu = boot({ iort: table, nodes: [node('x', 'X'), node('y', 'Y'), node('z', 'Z')] });
  expect([groupLines(iommu), iommu.units]).toEqual([[], []]);
  expect(ruleOf(iommu, 'z')).toBe('streams-of-several-groups');
});

test('leaves only the refused device out where groups wait for a driver', () => {
  const table = iort(smmuV2(BASE), named('X', 5), named('Y', 6), named('Z', 5, 6));
  const rules = { 'groups-by-firmware': 'driver-probe' };
  const iommu = boot({ iort: table, nodes: [node('x', 'X'), node('y', 'Y'), node('z', 'Z')], rules });
  for (const device of iommu.devices) iommu.probeDriver(device);
  expect(groupLines(iommu)).toEqual(['x', 'y']);
  expect(ruleOf(iommu, 'z')).toBe('streams-of-several-groups');
});

test('has no room for more streams than entries', () => {
  const rules = { 'groups-by-firmware': 'driver-probe' };
  const functions = [fn('00:01.0'), fn('00:02.0'), fn('00:03.0')];
  const iommu = boot({ iort: PLAIN, functions, units: SMALL, rules });
  for (const device of iommu.devices) iommu.probeDriver(device);
  expect([groupLines(iommu), ruleOf(iommu, '00:03.0')]).toEqual([['00:01.0', '00:02.0'], 'stream-table-full']);
});

test('refuses an id out of range', () => {
  const rules = { 'groups-by-firmware': 'driver-probe' };
  const iommu = boot({ iort: PLAIN, functions: [fn('80:00.0')], units: SMALL, rules });
  for (const device of iommu.devices) iommu.probeDriver(device);
  expect(ruleOf(iommu, '80:00.0')).toBe('stream-conflict');
});

test('is left alone when it has no entry at all', () => {
  const units = [{ address: BASE, registers: { idr0: 0x0800_1e00n } }];
  const iommu = boot({ iort: PLAIN, functions: [fn('00:01.0')], units });
  expect([iommu.units, ruleOf(iommu, '00:01.0')]).toEqual([[], 'no-stream-table']);
});

test('is found by the registers at its address, if it matches streams', () => {
  const unitsWith = (...registers: (readonly [bigint, bigint])[]) =>
    bindTo(machine({ iort: PLAIN, units: registers.map(([address, idr0]) => ({ address, registers: { idr0 } })) }))
      .units;
  expect(unitsWith([BASE + 1n, 0x0800_1e02n], [BASE, 0x0800_1e00n])).toHaveLength(0);
  expect(unitsWith([BASE + 1n, 0x0800_1e00n], [BASE, 0x0800_1e02n])).toHaveLength(1);
  // Without matching an id is its own entry, and the number of entries says nothing.
  expect(unitsWith([BASE, 0x0000_1e00n])).toHaveLength(1);
});

test('translates what ACPI describes', () => {
  expect([...boot({ iort: PLAIN, functions: [fn('00:01.0')] }).groups].map(({ type }) => type)).toEqual(['DMA']);
});

test.each([
  ['is taken, where there is none left', fn('00:03.0'), 'all entries of the stream table'],
  ['is out of range', fn('80:00.0'), 'a stream id of it is out of range'],
])('says of a refused device that a stream id %s', (_, last, text) => {
  const rules = { 'groups-by-firmware': 'driver-probe' };
  const iommu = boot({ iort: PLAIN, functions: [fn('00:01.0'), fn('00:02.0'), last], units: SMALL, rules });
  for (const device of iommu.devices) iommu.probeDriver(device);
  const [reason] = iommu.devices.slice(-1).flatMap((device) => iommu.outcomeOf(device).reasons);
  expect(reason?.text).toContain(`The kernel refuses 0000:${last.address}: ${text}`);
});

test('gives entries back with their devices', () => {
  const functions = [fn('00:01.0'), fn('00:02.0')];
  const iommu = boot({ iort: PLAIN, functions, units: SMALL });
  const [first] = iommu.devices;
  if (!first) throw new Error('two functions');
  iommu.removeDevice(first);
  iommu.addDevice(first);
  expect(groupLines(iommu)).toEqual(['00:01.0', '00:02.0']);
});

test('forms a group anew when all who shared an entry are gone', () => {
  const table = iort(smmuV2(BASE), named('X', 5), named('Z', 5));
  const iommu = boot({ iort: table, nodes: [node('x', 'X'), node('z', 'Z')] });
  const devices = [...iommu.devices];
  for (const device of devices) iommu.removeDevice(device);
  for (const device of devices) iommu.addDevice(device);
  expect(groupLines(iommu)).toEqual(['x z']);
});

test.each([
  ['was supposed', [], ['smmu-registers-unknown']],
  ['was read', SMALL, []],
])('says so when the shape of the table %s', (_, units, codes) => {
  const built = machine({ iort: PLAIN, units });
  bindTo(built);
  expect(built.diagnostics.map(({ code }) => code)).toEqual(codes);
});
