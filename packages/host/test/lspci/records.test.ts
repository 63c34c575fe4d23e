import { expect, test } from 'vitest';
import { parseLspci } from '../../src/lspci/lspci.js';
import { headLine, MACHINE, shortDump, verboseDump } from '../support/lspci-text.js';
import { names } from '../support/names.js';

const read = (text: string) => parseLspci(text, names);
const CLEAN = verboseDump(MACHINE);

const lines = (change: (line: string) => string) => CLEAN.split('\n').map(change).join('\n');

/** Breaks lines at a blank before the column, as mail programs do. */
const folded = (text: string, column: number, indent: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(new RegExp(`(.{20,${column}}) (?=.)`, 'g'), `$1\n${indent}`))
    .join('\n');

const DIRT: readonly (readonly [string, string])[] = [
  ['line ends of Windows', CLEAN.replaceAll('\n', '\r\n')],
  ['no-break spaces', CLEAN.replaceAll('\t', '\u00a0'.repeat(8))],
  ['entities of HTML', CLEAN.replaceAll('<', '&lt;').replaceAll('>', '&gt;')],
  ['quoting of a mail', lines((line) => `> ${line}`)],
  ['quoting of a quoted mail', lines((line) => `> > ${line}`)],
  [
    'colours of grep',
    lines((line) => line.replace(/[0-9a-f]{2}:[0-9a-f]{2}\.\d|ACSCtl|Bus:/, '\u001b[01;31m\u001b[K$&\u001b[m\u001b[K')),
  ],
  ['lost indents', lines((line) => line.trimStart())],
  ['other indents', lines((line) => line.replace(/^\t+/, (tabs) => ' '.repeat(tabs.length)))],
  ['indents of everything', lines((line) => `    ${line}`)],
  ['a blank line after each line', CLEAN.replaceAll('\n', '\n\n')],
  ['lines folded to the margin', folded(CLEAN, 72, '')],
  ['lines folded and indented', folded(CLEAN, 60, '      ')],
  ['no blank line at the end', CLEAN.trimEnd()],
  ['the prompt before', `user@host:~$ sudo lspci -vvvnn\n${CLEAN}`],
  ['the prompt after', `${CLEAN.trimEnd()}\n[root@host ~]# uname -r\n6.1.0-56-amd64\n`],
  ['text before', `Hello,\nmy card [f00d:0abc] does not work. This is 3.5 times:\n\n${CLEAN}`],
  ['text after', `${CLEAN}Please help. It is [f00d:0abc], and the kernel says:\nAdding to iommu group 99\n\nBye\n`],
  ['the edges of a block of code', `\`\`\`\n${CLEAN.trimEnd()}\n\`\`\`\nThanks, see card [f00d:0abc].\n`],
];

test.each(DIRT)('reads the same with %s', (_, text) => {
  expect(read(text)).toEqual(read(CLEAN));
});

test('reads the same with text between two devices', () => {
  const at = CLEAN.indexOf('02:00.0 PCI');
  const text = `${CLEAN.slice(0, at)}And now the switch [f00d:0abc]:\n\n${CLEAN.slice(at)}`;
  expect(read(text)).toEqual(read(CLEAN));
});

test('reads the same with members that it does not know', () => {
  expect(read(lines((line) => line.replace(/^\tLatency.*/, '$&\n\tFuture: thing+ [0001:0002] 5')))).toEqual(
    read(CLEAN),
  );
});

test('puts a first line together that was folded', () => {
  const text = '01:00.0 Ethernet controller [0200]: Foo Devices\nFast Network Card [f00d:0110]\n(rev 03)\n';
  expect(read(text)?.pci?.functions).toEqual([
    {
      address: '0000:01:00.0',
      id: 'f00d:0110',
      class: '020000',
      revision: '03',
      label: 'Foo Devices Fast Network Card',
    },
  ]);
});

test('does not take what follows a list after a blank line for the rest of its last line', () => {
  const text = `${shortDump(MACHINE, 'names').trimEnd()}\n\nMy card is [f00d:0abc]`;
  expect(read(text)?.pci?.functions.at(-1)?.id).toBe('f00d:0110');
});

test('does not take a prompt after a list for the rest of its last line', () => {
  const text = `${shortDump(MACHINE, 'names').trimEnd()}\nroot@host:~# setpci -s 04:00.0 [f00d:0abc]`;
  expect(read(text)?.pci?.functions.at(-1)?.label).toBe('Foo Devices Fast Network Card');
});

test('knows that a device did not answer though the line lost its indent', () => {
  const text = `${headLine({ at: '05:00.0' })}\n!!! Unknown header type 7f\n`;
  expect(read(text)?.notes?.map(({ code }) => code)).toContain('device-unreadable');
});

test('reads a group that was folded after the comma before it', () => {
  const text = `${headLine({ at: '05:00.0' })}\n\tFlags: bus master, fast devsel, latency 0,\nIOMMU group 12\n${headLine({ at: '06:00.0' })}\n`;
  expect(read(text)?.observed).toEqual({ source: 'lspci', groups: [{ id: 12, devices: ['0000:05:00.0'] }] });
});

test('states of a dump that was cut nothing that the whole does not state, but of the last device', () => {
  const whole = new Map(read(CLEAN)?.pci?.functions.map((fn) => [fn.address, fn]));
  const all = CLEAN.split('\n');
  for (let end = 1; end < all.length; end++) {
    for (const part of read(all.slice(0, end).join('\n'))?.pci?.functions.slice(0, -1) ?? []) {
      expect(whole.get(part.address)).toMatchObject(part);
    }
  }
});
