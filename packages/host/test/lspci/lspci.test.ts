import type { MachinePciFunction } from '@iommu/machine';
import { expect, test } from 'vitest';
import { parseLspci } from '../../src/lspci/lspci.js';
import { MACHINE, shortDump, verboseDump } from '../support/lspci-text.js';
import { names } from '../support/names.js';

const functions = (text: string) => parseLspci(text, names)?.pci?.functions ?? [];
const codes = (text: string) => parseLspci(text, names)?.notes?.map(({ code }) => code);

const subsystem = 'f00d:0001';
const acs = { capability: 'SV TB RR CR UF', control: 'SV RR CR UF' };
const port = { id: 'f00d:0101', class: '060400', subsystem, label: 'Foo Devices Root Port', headerType: 1 };
const slot = { id: 'f00d:0120', class: '060400', subsystem, label: 'Foo Devices Switch', headerType: 1 };
const card = { id: 'f00d:0110', class: '020000', subsystem, label: 'Foo Devices Fast Network Card', headerType: 0 };

/** All that `-vvvnn` says of the invented machine. */
const WHOLE: readonly MachinePciFunction[] = [
  {
    address: '0000:00:00.0',
    id: 'f00d:0100',
    class: '060000',
    subsystem,
    label: 'Foo Devices Host Bridge',
    headerType: 0,
    express: null,
    driver: null,
  },
  {
    address: '0000:00:01.0',
    ...port,
    secondaryBus: 1,
    subordinateBus: 1,
    express: 'root-port',
    acs,
    driver: 'pcieport',
  },
  {
    address: '0000:00:02.0',
    ...port,
    secondaryBus: 2,
    subordinateBus: 5,
    express: 'root-port',
    acs,
    driver: 'pcieport',
  },
  { address: '0000:01:00.0', ...card, revision: '03', express: 'endpoint', acs: null, driver: 'foonet' },
  {
    address: '0000:02:00.0',
    ...slot,
    secondaryBus: 3,
    subordinateBus: 5,
    express: 'upstream-port',
    acs: null,
    driver: 'pcieport',
  },
  {
    address: '0000:03:00.0',
    ...slot,
    secondaryBus: 4,
    subordinateBus: 4,
    express: 'downstream-port',
    acs: { capability: '', control: '' },
    driver: null,
  },
  { address: '0000:04:00.0', ...card, express: 'legacy-endpoint', acs: null, driver: 'foonet' },
];

test.each(['both', 'names'] as const)('reads all of -vvv with %s', (numbers) => {
  expect(functions(verboseDump(MACHINE, numbers))).toEqual(WHOLE);
});

test('reads all of -vvvn', () => {
  expect(functions(verboseDump(MACHINE, 'numbers'))).toEqual(WHOLE.map(({ label: _, ...rest }) => rest));
});

test('finds no fault with a whole dump', () => {
  expect(codes(verboseDump(MACHINE))).toBeUndefined();
});

test.each(['both', 'names'] as const)('reads ids and classes of a list without -v with %s', (numbers) => {
  const short = WHOLE.map(({ address, id, class: code, label, revision }) => {
    return { address, id, class: code, label, ...(revision !== undefined && { revision }) };
  });
  expect(functions(shortDump(MACHINE, numbers))).toEqual(short);
});

test('reads ids and classes of a list of -n', () => {
  const read = functions(shortDump(MACHINE, 'numbers')).map(({ id, class: code }) => [id, code]);
  expect(read).toEqual(WHOLE.map(({ id, class: code }) => [id, code]));
});

test('says that a list without -v holds no capabilities', () => {
  expect(codes(shortDump(MACHINE))).toEqual(['capabilities-missing']);
});

/** The dump without lines that match; `-v` and `-vv` print fewer. */
const without = (pattern: RegExp) =>
  verboseDump(MACHINE)
    .split('\n')
    .filter((line) => !pattern.test(line))
    .join('\n');

test('knows from -v, which prints no registers, that the ACS capability is there', () => {
  const [, root] = functions(without(/ACSC|Control:|Status:|IOV/));
  expect(root?.acs).toEqual({});
});

test('knows nothing of ACS where no capability above byte 255 was printed', () => {
  const text = without(/Capabilities: \[[12]|ACSC|UESta/);
  expect([functions(text)[1]?.acs, codes(text)]).toEqual([undefined, ['extended-missing']]);
});

test('knows from -k the drivers, and of a device without a driver line nothing', () => {
  const text = without(/^\t(?!Kernel|Subsystem)/);
  expect(functions(text).map(({ driver }) => driver)).toEqual(WHOLE.map(({ driver }) => driver ?? undefined));
});

test('knows nothing of drivers where no driver line was printed', () => {
  expect(functions(without(/Kernel/)).map(({ driver }) => driver)).toEqual(WHOLE.map(() => undefined));
});

test('knows nothing of capabilities that were not readable', () => {
  const text = '00:01.0 PCI bridge [0604]: Foo [f00d:0101]\n\tFlags: fast devsel\n\tCapabilities: <access denied>\n';
  expect([functions(text)[0]?.express, codes(text)]).toEqual([undefined, ['capabilities-denied']]);
});

test('knows of a device whose status says that it has no list that it is not PCI Express', () => {
  const text = '00:01.0 Host bridge [0600]: Foo [f00d:0100]\n\tStatus: Cap- 66MHz-\n';
  expect(functions(text)[0]?.express).toBeNull();
});

test('knows nothing of a device that did not answer', () => {
  const broken = '05:00.0 VGA compatible controller [0300]: Foo [f00d:0140] (rev ff)\n\t!!! Unknown header type 7f\n\n';
  const text = `${verboseDump(MACHINE)}${broken}`;
  const { express, acs: control, headerType } = functions(text).at(-1) ?? {};
  expect([express, control, headerType, codes(text)]).toEqual([undefined, undefined, undefined, ['device-unreadable']]);
});

test('knows that a CardBus bridge has another header', () => {
  const text =
    '05:00.0 CardBus bridge [0607]: Foo [f00d:0101]\n\tFlags: fast\n\tBus: primary=05, secondary=06, subordinate=09\n';
  expect(functions(text)[0]).toMatchObject({ headerType: 2, secondaryBus: 6, subordinateBus: 9 });
});

test('reads the groups that the dump shows', () => {
  expect(parseLspci(verboseDump(MACHINE), names)?.observed).toEqual({
    source: 'lspci',
    groups: [
      { id: 0, devices: ['0000:00:00.0'] },
      { id: 1, devices: ['0000:00:01.0'] },
      { id: 2, devices: ['0000:00:02.0'] },
      { id: 3, devices: ['0000:01:00.0'] },
      { id: 4, devices: ['0000:02:00.0', '0000:03:00.0', '0000:04:00.0'] },
    ],
  });
});

test('shows no groups where the dump has none', () => {
  expect(parseLspci(shortDump(MACHINE), names)?.observed).toBeUndefined();
});

test.each(['', 'Linux version 6.1\n', '{"a": 1}', '00:00.0\n'])('finds no device in %j', (text) => {
  expect(parseLspci(text, names)).toBeUndefined();
});
