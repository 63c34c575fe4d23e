import { expect, test } from 'vitest';
import { parseHeader } from '../../src/lspci/header.js';
import { identify } from '../../src/lspci/identity.js';
import { configBytes } from '../support/config-bytes.js';
import { names } from '../support/names.js';

const identity = (rest: string, config?: Uint8Array) => {
  const header = parseHeader(`00:01.0 ${rest}`);
  if (!header) throw new Error(`no device in '${rest}'`);
  return identify(header, config, names);
};

test('takes ids as printed', () => {
  expect(identity('Ethernet controller [0200]: Foo Devices Whatever [f00d:0abc] (rev 0A)')).toEqual({
    id: 'f00d:0abc',
    vendor: 0xf00d,
    class: '020000',
    revision: '0a',
  });
});

test.each([
  ['Ethernet controller: Foo Devices Fast Network Card', 'f00d:0110'],
  ['Ethernet controller: Foo Devices Europe Slow Network Card', 'f00e:0110'],
  ['Ethernet controller: Foo Devices Graphics Card [Nova 7] (rev 01)', 'f00d:0140'],
  ['Ethernet controller: Foo Devices Café Überträger', 'f00d:0150'],
  ['Ethernet controller: Foo Devices Device 4711', 'f00d:4711'],
  ['Ethernet controller: Foo Devices Unknown device 4711', 'f00d:4711'],
  ['Ethernet controller: Device 4711:0815', '4711:0815'],
  ['Ethernet controller: Shared Name Ltd. Only There', 'f011:0002'],
])('finds the ids of "%s"', (rest, id) => {
  expect(identity(rest).id).toBe(id);
});

test.each([
  ['a name that the table does not know', 'Ethernet controller: Foo Devices Brand New Card'],
  ['a name that two devices share', 'Ethernet controller: Foo Devices Twin Card'],
])('knows only the vendor of %s', (_, rest) => {
  const { id, vendor } = identity(rest);
  expect([id, vendor]).toEqual([undefined, 0xf00d]);
});

test.each([
  ['a vendor that the table does not know', 'Ethernet controller: Nobody Inc. Card'],
  ['a vendor name that two ids share', 'Ethernet controller: Shared Name Ltd. Brand New Card'],
  ['an unnamed device of a vendor name that two ids share', 'Ethernet controller: Shared Name Ltd. Device 0009'],
])('knows neither id of %s', (_, rest) => {
  expect(identity(rest)).toEqual({ class: '020000' });
});

test('takes the ids of the bytes rather than those of the name', () => {
  const config = configBytes({ vendor: 0xf010, device: 0x0001 });
  expect(identity('Ethernet controller: Foo Devices Fast Network Card', config).id).toBe('f010:0001');
});

test('takes the ids of the name where the bytes have none, as those of virtual functions', () => {
  const config = configBytes({ vendor: 0xffff, device: 0xffff });
  expect(identity('Ethernet controller: Foo Devices Fast Network Card', config).id).toBe('f00d:0110');
});

test.each([
  ['PCI bridge: Foo', '060400'],
  ['3D controller: Foo', '030200'],
  ['VGA compatible controller: Foo (rev 01) (prog-if 01 [Odd])', '030001'],
  ['Unassigned class [ff00]: Foo [f00d:0001]', 'ff0000'],
  ['Class 1200: Foo', '120000'],
  ['Network controller: Foo', '028000'],
  ['Flux capacitor: Foo', undefined],
])('finds the class of "%s"', (rest, code) => {
  expect(identity(rest).class).toBe(code);
});
