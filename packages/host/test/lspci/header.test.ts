import { expect, test } from 'vitest';
import { parseHeader } from '../../src/lspci/header.js';

test.each([
  ['00:1c.0', '0000:00:1c.0'],
  ['0000:00:1c.0', '0000:00:1c.0'],
  ['0001:0A:1C.7', '0001:0a:1c.7'],
  ['10000:e0:06.0', '10000:e0:06.0'],
])('reads the address %s as %s', (printed, address) => {
  expect(parseHeader(`${printed} Host bridge: Foo`)?.address).toBe(address);
});

test('takes the last step of a path with bus numbers for the address', () => {
  expect(parseHeader('00:01.0/01:00.0 PCI bridge: Foo')).toMatchObject({ address: '0000:01:00.0', above: '00:01.0' });
});

test('takes all steps but the last of a path without bus numbers for the place above', () => {
  expect(parseHeader('00:01.0/00.0/03.0 PCI bridge: Foo')).toMatchObject({
    address: '03.0',
    above: '00:01.0/00.0',
    path: '00:01.0/00.0/03.0',
  });
});

test.each([
  ['PCI bridge: Foo Bar', undefined, 'PCI bridge', undefined, 'Foo Bar'],
  ['PCI bridge [0604]: Foo Bar [f00d:0101]', '0604', 'PCI bridge', 'f00d:0101', 'Foo Bar'],
  ['Class [ff00]: Foo Bar [f00d:0101]', 'ff00', 'Class', 'f00d:0101', 'Foo Bar'],
  ['0604: f00d:0101', '0604', undefined, 'f00d:0101', ''],
  ['Class 0604: F00D:0101', '0604', undefined, 'f00d:0101', ''],
  ['3D controller: Foo Bar', undefined, '3D controller', undefined, 'Foo Bar'],
  ['3D controller [0302]: Foo [f00d:0140]', '0302', '3D controller', 'f00d:0140', 'Foo'],
  [
    'VGA compatible controller [0300]: Foo [Bar/Baz] [f00d:0140]',
    '0300',
    'VGA compatible controller',
    'f00d:0140',
    'Foo [Bar/Baz]',
  ],
])('reads class and ids of "%s"', (rest, classId, className, id, names) => {
  expect(parseHeader(`00:01.0 ${rest}`)).toMatchObject({ classId, className, id, names });
});

test('reads revision and programming interface', () => {
  expect(parseHeader('00:14.0 USB controller: Foo Bar (rev 1F) (prog-if 30 [XHCI])')).toMatchObject({
    revision: '1F',
    progIf: '30',
    names: 'Foo Bar',
  });
});

test('takes only four digits, a colon and four digits in brackets for an id', () => {
  const header = parseHeader('00:02.0 VGA compatible controller: Foo Devices [Foo/Bar] Baz [Graphics 630]');
  expect([header?.id, header?.names]).toEqual([undefined, 'Foo Devices [Foo/Bar] Baz [Graphics 630]']);
});

test.each(['- ', '* ', '  - ', '\t', '[RESET]\t'])('finds a device after the mark "%s"', (mark) => {
  expect(parseHeader(`${mark}00:01.0 PCI bridge: Foo`)?.address).toBe('0000:00:01.0');
});

test.each([
  'Linux version 6.1.0-56-amd64',
  'pci 0000:00:1c.0: [f00d:0101] type 01 class 0x060400',
  '[    0.1] pci 0000:00:1c.0: Adding to iommu group 3',
  '00:1c.0 is where the card sits: look there',
  '00:1c.0',
  '00:1c PCI bridge: Foo',
  '00:1c.8 PCI bridge: Foo',
  '\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0',
  '00: 0d f0 00 01',
])('does not take "%s" for a device', (line) => {
  expect(parseHeader(line)).toBeUndefined();
});
