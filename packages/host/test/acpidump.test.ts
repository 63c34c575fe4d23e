import { expect, test } from 'vitest';
import { acpiSignature, isAcpidump, parseAcpidump } from '../src/acpidump.js';

const bytes = Uint8Array.from({ length: 0x4a }, (_, at) => (at * 7) & 0xff);

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0');

/** As acpidump prints a table, characters beside the bytes. */
const dump = (name: string, table: Uint8Array = bytes, characters = true): string => {
  const rows: string[] = [`${name} @ 0x00000000BF7A1000`];
  for (let at = 0; at < table.length; at += 16) {
    const row = [...table.subarray(at, at + 16)];
    const words = row.map((byte) => hex(byte, 2)).join(' ');
    rows.push(`    ${hex(at, 4)}: ${characters ? `${words.padEnd(48)} ${'.'.repeat(row.length)}` : words}`);
  }
  return `${rows.join('\n')}\n\n`;
};

test('reads the tables of a dump', () => {
  expect(parseAcpidump(dump('DMAR') + dump('MCFG', bytes.subarray(0, 32)))).toEqual({
    DMAR: bytes,
    MCFG: bytes.subarray(0, 32),
  });
});

test('numbers tables of one signature from the second on', () => {
  expect(Object.keys(parseAcpidump(dump('SSDT') + dump('SSDT') + dump('SSDT')))).toEqual(['SSDT', 'SSDT2', 'SSDT3']);
});

test('reads rows without characters beside the bytes', () => {
  expect(parseAcpidump(dump('DMAR', bytes, false))).toEqual({ DMAR: bytes });
});

test('reads line ends of Windows', () => {
  expect(parseAcpidump(dump('DMAR').replaceAll('\n', '\r\n'))).toEqual({ DMAR: bytes });
});

test('reads a table as far as its rows follow each other', () => {
  expect(parseAcpidump(dump('DMAR').replace(/^ {4}0020: .*\n/m, ''))).toEqual({ DMAR: bytes.subarray(0, 0x20) });
});

test('reads a table beyond 64 KiB', () => {
  const large = new Uint8Array(0x10020).fill(5);
  expect(parseAcpidump(dump('DSDT', large)).DSDT).toHaveLength(0x10020);
});

test('leaves out a table without bytes', () => {
  expect(parseAcpidump(`DMAR @ 0x0\n\n${dump('MCFG')}`)).toEqual({ MCFG: bytes });
});

test.each([
  [dump('DMAR'), true],
  [`Here it is:\n${dump('DMAR')}`, true],
  ['DMAR @ 0x0\nnothing', false],
  ['0000: 44 4D', false],
])('tells from %j whether it is a dump', (text, is) => {
  expect(isAcpidump(text)).toBe(is);
});

const table = (signature: string, length = 48) => {
  const content = new Uint8Array(length);
  content.set(new TextEncoder().encode(signature));
  return content;
};

test.each([
  ['DMAR', 48, 'DMAR'],
  ['IVRS', 48, 'IVRS'],
  ['IORT', 48, 'IORT'],
  ['VIOT', 48, 'VIOT'],
  ['MCFG', 36, 'MCFG'],
  ['SSDT', 48, undefined],
  ['DMAR', 35, undefined],
])('finds the signature of a table %s of %i bytes', (signature, length, found) => {
  expect(acpiSignature(table(signature, length))).toBe(found);
});

test('takes a dump that starts with such a table for text', () => {
  for (const text of [dump('DMAR'), `DMAR\n----\n${dump('DMAR')}`]) {
    expect(acpiSignature(new TextEncoder().encode(text))).toBeUndefined();
  }
});
