import { expect, test } from 'vitest';
import { parseLspci } from '../../src/lspci/lspci.js';
import { headLine, MACHINE, type Shown, verboseDump } from '../support/lspci-text.js';
import { names } from '../support/names.js';

const read = (text: string) => parseLspci(text, names);

const GROUPS: readonly (readonly [number, readonly Shown[]])[] = [
  [0, MACHINE.slice(0, 1)],
  [1, MACHINE.slice(1, 2)],
  [10, MACHINE.slice(4, 7)],
];

const OBSERVED = {
  source: 'listing',
  groups: [
    { id: 0, devices: ['0000:00:00.0'] },
    { id: 1, devices: ['0000:00:01.0'] },
    { id: 10, devices: ['0000:02:00.0', '0000:03:00.0', '0000:04:00.0'] },
  ],
};

const list = (heading: (id: number) => string, entry: (line: string) => string, end = '') =>
  GROUPS.map(([id, devices]) => {
    return `${heading(id)}${devices.map((device) => `${entry(headLine(device))}\n`).join('')}${end}`;
  }).join('');

const tabbed = (line: string) => `\t${line}`;

const FORMS: readonly (readonly [string, string])[] = [
  ['headings with a colon', list((id) => `IOMMU Group ${id}:\n`, tabbed)],
  [
    'headings without a colon',
    list(
      (id) => `IOMMU group ${id}\n`,
      (line) => `  ${line}`,
    ),
  ],
  ['headings with leading zeros', list((id) => `IOMMU Group ${String(id).padStart(3, '0')}:\n`, tabbed)],
  ['headings with a number sign', list((id) => `Group #${id}\n`, tabbed)],
  [
    'headings of Markdown',
    list(
      (id) => `### IOMMU Group ${id}\n\n`,
      (line) => `- ${line}`,
      '\n',
    ),
  ],
  [
    'bold headings',
    list(
      (id) => `**IOMMU Group ${id}:**\n`,
      (line) => `* ${line}`,
    ),
  ],
  [
    'entries that are not indented',
    list(
      (id) => `IOMMU Group ${id}:\n`,
      (line) => line,
    ),
  ],
  [
    'entries marked as resettable',
    list(
      (id) => `IOMMU Group ${id}:\n`,
      (line) => `[RESET]\t${line}`,
    ),
  ],
  ['a blank line after each group', list((id) => `IOMMU Group ${id}:\n`, tabbed, '\n')],
  [
    'a blank line after each device',
    list(
      (id) => `IOMMU Group ${id}:\n`,
      (line) => `\t${line}\n`,
    ),
  ],
  [
    'quoting',
    list(
      (id) => `> IOMMU Group ${id}:\n`,
      (line) => `> \t${line}`,
    ),
  ],
  [
    'several lines of each device',
    list(
      (id) => `IOMMU Group ${id}:\n`,
      (line) => `\t${line}\n\tSubsystem: Foo [f00d:0001]\n\tKernel modules: foo`,
    ),
  ],
];

test.each(FORMS)('reads a list with %s', (_, text) => {
  expect(read(text)?.observed).toEqual(OBSERVED);
});

test.each(['', '\n'])('reads a list of one line for each device, each ended by another %j', (end) => {
  const text = GROUPS.flatMap(([id, devices]) =>
    devices.map((device) => `IOMMU Group ${id} ${headLine(device)}\n${end}`),
  ).join('');
  expect(read(text)?.observed).toEqual(OBSERVED);
});

test('reads the devices of a list', () => {
  const text = list((id) => `IOMMU Group ${id}:\n`, tabbed);
  expect(read(text)?.pci?.functions.map(({ address, id }) => [address, id])).toEqual([
    ['0000:00:00.0', 'f00d:0100'],
    ['0000:00:01.0', 'f00d:0101'],
    ['0000:02:00.0', 'f00d:0120'],
    ['0000:03:00.0', 'f00d:0120'],
    ['0000:04:00.0', 'f00d:0110'],
  ]);
});

const LIST = list((id) => `IOMMU Group ${id}:\n`, tabbed);
const OTHER = verboseDump([...MACHINE, { at: '07:00.0' }].map(({ group: _, ...device }) => device));

test.each([
  ['before it', `${OTHER}\n${LIST}`],
  ['after it', `${LIST}\n${OTHER}`],
  ['after it and a prompt', `${LIST}root@host:~# lspci -vvvnn\n${OTHER}`],
])('tells the list from a dump of all devices %s', (_, text) => {
  expect(read(text)?.observed).toEqual(OBSERVED);
});

test("takes a device's own word on its group rather than the list's", () => {
  const text = `${LIST}\n${verboseDump([{ at: '00:01.0', group: 5 }])}`;
  expect(read(text)?.observed?.groups).toContainEqual({ id: 5, devices: ['0000:00:01.0'] });
});
