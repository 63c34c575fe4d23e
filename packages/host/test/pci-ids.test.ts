import { expect, test } from 'vitest';
import { PciIds, pciIds } from '../src/pci-ids.js';
import { NAMES, names } from './support/names.js';

const table = names();

test.each([
  ['the first', 0x0001, 'First Vendor'],
  ['one between', 0xf00d, 'Foo Devices'],
  ['the last', 0xfffe, 'Last Vendor'],
  ['none', 0xf00f, undefined],
  ['none before the first', 0x0000, undefined],
  ['none after the last', 0xffff, undefined],
])('finds %s vendor', (_, vendor, name) => {
  expect(table.vendor(vendor)).toBe(name);
});

test.each([
  ['the only one of the first vendor', 0x0001, 0x0001, 'First Device'],
  ['the first of a vendor', 0xf00d, 0x0100, 'Host Bridge'],
  ['one after subsystems and comments', 0xf00d, 0x0140, 'Graphics Card [Nova 7]'],
  ['the last of a vendor', 0xf00d, 0x0150, 'Café Überträger'],
  ['the last of all', 0xfffe, 0xffff, 'Last Device'],
  ['one whose id another vendor has too', 0xf00e, 0x0110, 'Slow Network Card'],
  ['none of those of the next vendor', 0xf00d, 0x0002, undefined],
  ['none of an unknown vendor', 0xf00f, 0x0001, undefined],
  ['none by the id of a subsystem', 0xf00d, 0xf00d, undefined],
])('finds %s', (_, vendor, device, name) => {
  expect(table.device(vendor, device)).toBe(name);
});

test.each([
  ['a subclass', 0x060400, 'PCI bridge'],
  ['a subclass whatever its interface', 0x030001, 'VGA compatible controller'],
  ['the class of an unknown subclass', 0x02aa00, 'Network controller'],
  ['the first class', 0x000000, 'Non-VGA unclassified device'],
  ['the last class', 0xff0000, 'Unassigned class'],
  ['no unknown class', 0x770000, undefined],
])('names %s', (_, code, name) => {
  expect(table.className(code)).toBe(name);
});

test.each([
  ['Foo Devices Fast Network Card', [0xf00d], 'Fast Network Card'],
  ['Foo Devices Europe Slow Network Card', [0xf00e], 'Slow Network Card'],
  ['Foo Devices', [0xf00d], ''],
  ['Shared Name Ltd. Only Here', [0xf010, 0xf011], 'Only Here'],
])('finds the vendors that "%s" starts with', (text, vendors, rest) => {
  expect(table.vendorsNamed(text)).toEqual({ vendors, rest });
});

test.each(['', 'Foo', 'Foo Device', 'Nobody Inc. Card'])('finds no vendor that "%s" starts with', (text) => {
  expect(table.vendorsNamed(text)).toBeUndefined();
});

test.each([
  ['Fast Network Card', 0x0110],
  ['Café Überträger', 0x0150],
  ['Twin Card', undefined],
  ['fast network card', undefined],
  ['Fast Network', undefined],
  ['Slow Network Card', undefined],
  ['Fast Network Card, first edition', undefined],
])('finds the device named "%s"', (name, device) => {
  expect(table.deviceNamed(0xf00d, name)).toBe(device);
});

test('finds no device of an unknown vendor', () => {
  expect(table.deviceNamed(0xf00f, 'Fast Network Card')).toBeUndefined();
});

test.each([
  ['PCI bridge', 0x0604],
  ['3D controller', 0x0302],
  ['Bridge', 0x0600],
  ['Network controller', 0x0280],
  ['VGA controller', undefined],
  ['Flux capacitor', undefined],
])('finds the class named "%s"', (name, code) => {
  expect(table.classNamed(name)).toBe(code);
});

test('finds every name of a large table', () => {
  const count = 3000;
  const lines = ['# large'];
  for (let vendor = 1; vendor <= count; vendor++) {
    lines.push(`${vendor.toString(16).padStart(4, '0')}  Vendor ${vendor}`);
    lines.push(`\t${(vendor * 7).toString(16).padStart(4, '0')}  Device of ${vendor}`);
  }
  const large = new PciIds(new TextEncoder().encode(`${lines.join('\n')}\n${NAMES.slice(NAMES.indexOf('C 00'))}`));
  for (let vendor = 1; vendor <= count; vendor++) {
    expect([large.vendor(vendor), large.device(vendor, vendor * 7)]).toEqual([
      `Vendor ${vendor}`,
      `Device of ${vendor}`,
    ]);
  }
});

test.each(['', '\n', '# only a comment'])('finds nothing in the table %j', (text) => {
  const empty = new PciIds(new TextEncoder().encode(text));
  expect([
    empty.vendor(1),
    empty.device(1, 1),
    empty.className(0),
    empty.vendorsNamed('a'),
    empty.classNamed('a'),
  ]).toEqual([undefined, undefined, undefined, undefined, undefined]);
});

test('has a table of real names', () => {
  expect(pciIds().vendor(0x8086)).toBe('Intel Corporation');
});
