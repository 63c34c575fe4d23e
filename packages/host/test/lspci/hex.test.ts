import { expect, test } from 'vitest';
import { parseLspci } from '../../src/lspci/lspci.js';
import { configBytes, hexRows } from '../support/config-bytes.js';
import { MACHINE, verboseDump } from '../support/lspci-text.js';
import { names } from '../support/names.js';

const functions = (text: string) => parseLspci(text, names)?.pci?.functions ?? [];

const HEAD = '01:00.0 Ethernet controller: Foo Devices Fast Network Card\n';
const BYTES = configBytes({ express: 0, acs: [0x1d, 0x1d] });

test.each([
  ['-x', 64],
  ['-xxx', 256],
  ['-xxxx', 4096],
])('reads the bytes of %s', (_, length) => {
  expect(functions(HEAD + hexRows(BYTES.subarray(0, length)))[0]?.config).toEqual(BYTES.subarray(0, length));
});

test('reads bytes and words of one device', () => {
  const read = functions(verboseDump(MACHINE.slice(3, 4)).replace(/\n\n$/, `\n${hexRows(BYTES)}\n`));
  expect([read.length, read[0]?.config, read[0]?.driver]).toEqual([1, BYTES, 'foonet']);
});

test('states nothing of capabilities that whole bytes tell', () => {
  const [read] = functions(verboseDump(MACHINE.slice(3, 4)).replace(/\n\n$/, `\n${hexRows(BYTES)}\n`));
  expect([read?.express, read?.acs, read?.headerType]).toEqual([undefined, undefined, undefined]);
});

test('takes ACS from the words where the bytes end at 255', () => {
  const [read] = functions(verboseDump(MACHINE.slice(1, 2)).replace(/\n\n$/, `\n${hexRows(BYTES.subarray(0, 256))}\n`));
  expect([read?.express, read?.acs]).toEqual([undefined, { capability: 'SV TB RR CR UF', control: 'SV RR CR UF' }]);
});

test('takes PCI Express from the words where the bytes end at 63', () => {
  const [read] = functions(verboseDump(MACHINE.slice(1, 2)).replace(/\n\n$/, `\n${hexRows(BYTES.subarray(0, 64))}\n`));
  expect(read?.express).toBe('root-port');
});

test('reads bytes as far as row follows row', () => {
  const rows = hexRows(BYTES.subarray(0, 256)).split('\n');
  rows.splice(5, 1);
  expect(functions(HEAD + rows.join('\n'))[0]?.config).toEqual(BYTES.subarray(0, 0x50));
});

test('reads a row that was cut as the last', () => {
  const rows = hexRows(BYTES.subarray(0, 64)).replace(/^20: (?:.. ){4}/m, (row) => `${row.trimEnd()}\n`);
  expect(functions(HEAD + rows)[0]?.config).toEqual(BYTES.subarray(0, 0x24));
});

test('takes bytes that are all ff for no bytes', () => {
  expect(functions(HEAD + hexRows(new Uint8Array(64).fill(0xff)))[0]).toEqual({
    address: '0000:01:00.0',
    id: 'f00d:0110',
    class: '020000',
    label: 'Foo Devices Fast Network Card',
  });
});

test('takes fewer bytes than one row for no bytes', () => {
  expect(functions(`${HEAD}00: 0d f0 10 01\n`)[0]?.config).toBeUndefined();
});

test('knows the size of a device with fewer rows where another has more than 256 bytes', () => {
  const second = `02:00.0 Ethernet controller: Foo Devices Fast Network Card\n${hexRows(BYTES.subarray(0, 256))}`;
  const read = functions(`${HEAD}${hexRows(BYTES)}\n${second}`);
  expect(read.map(({ configSize }) => configSize)).toEqual([4096, 256]);
});

test('does not know the size of a device where none has more than 256 bytes', () => {
  expect(functions(HEAD + hexRows(BYTES.subarray(0, 256)))[0]?.configSize).toBeUndefined();
});

test('puts a device together that is listed twice, in words and in bytes', () => {
  const read = functions(`${verboseDump(MACHINE)}\n${HEAD}${hexRows(BYTES)}`);
  const card = read.find(({ address }) => address === '0000:01:00.0');
  expect([read.length, card?.config, card?.driver, card?.revision]).toEqual([MACHINE.length, BYTES, 'foonet', '03']);
});

test('puts a device together that is listed twice, in bytes and in words', () => {
  const read = functions(`${HEAD}${hexRows(BYTES)}\n${verboseDump(MACHINE)}`);
  const card = read.find(({ address }) => address === '0000:01:00.0');
  expect([read.length, card?.config, card?.driver, card?.revision]).toEqual([MACHINE.length, BYTES, 'foonet', '03']);
});
