import { expect, test } from 'vitest';
import { liftHexRows } from '../src/hex-rows.js';
import { machineFromText } from '../src/read-text.js';
import { logText } from './support/dmesg-text.js';
import { MACHINE, shortDump, verboseDump } from './support/lspci-text.js';

const read = (text: string) => machineFromText(liftHexRows(new TextEncoder().encode(text)));

const DUMP = verboseDump(MACHINE);
const TABLES = 'DMAR @ 0x0\n    0000: 44 4D 41 52                                      DMAR\n\n';

test('reads a log as a machine', () => {
  const machine = read(logText('[    0.1] '));
  expect(machine).toMatchObject({
    kernel: { release: '6.1.0-56-amd64' },
    pci: {
      rootBuses: ['0000:80', '0000:00'],
      order: ['0000:80:00.0', '0000:00:01.0', '0000:00:02.0', '0000:01:00.0'],
    },
    observed: { source: 'dmesg' },
  });
  expect(machine?.pci?.functions.map(({ address }) => address)).toEqual(machine?.pci?.order);
});

test('reads a log without devices as what else it tells', () => {
  expect(read('Linux version 6.1.0 (x)\nCommand line: quiet\n')).toEqual({
    schema: 1,
    kernel: { release: '6.1.0', commandLine: 'quiet' },
  });
});

test('reads tables as a machine', () => {
  expect(read(TABLES)).toEqual({ schema: 1, firmware: { acpi: { DMAR: new TextEncoder().encode('DMAR') } } });
});

test.each([
  ['a log after lspci', `${DUMP}${logText('[    0.1] ')}`],
  ['a log before lspci', `${logText('[    0.1] ')}${DUMP}`],
])('reads %s in one text', (_, text) => {
  const machine = read(text);
  expect([machine?.kernel?.release, machine?.pci?.functions, machine?.observed?.source]).toEqual([
    '6.1.0-56-amd64',
    read(DUMP)?.pci?.functions,
    'lspci',
  ]);
});

test("takes the log's groups where lspci shows none", () => {
  const machine = read(`${shortDump(MACHINE)}\n${logText('[    0.1] ')}`);
  expect(machine?.observed).toEqual(read(logText())?.observed);
});

test('reads tables, lspci and a log in one text', () => {
  const machine = read(`${DUMP}${TABLES}${logText()}`);
  expect([
    Object.keys(machine?.firmware?.acpi ?? {}),
    machine?.pci?.functions.length,
    machine?.kernel?.release,
  ]).toEqual([['DMAR'], MACHINE.length, '6.1.0-56-amd64']);
});

test.each(['', 'Hello\n', '00: 01 02\n'])('finds no machine in %j', (text) => {
  expect(read(text)).toBeUndefined();
});
