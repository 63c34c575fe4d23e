import { describe, expect, test } from 'vitest';
import type { AcsVerdict, PciFunction } from '../src/index.js';
import { topologyOf } from './support/topology.js';
import { group, groupLines, reasonFor } from './support/toy-driver.js';

const ON = { capability: 'SV RR CR UF', control: 'SV RR CR UF' };
const OFF = { capability: 'SV RR CR UF', control: '' };

type Known<K extends keyof PciFunction> = Exclude<PciFunction[K], undefined>;

const bridge = (
  address: string,
  bus: readonly [secondary: number, subordinate: number],
  express: Known<'express'>,
  acs: Known<'acs'> = null,
): PciFunction => ({
  address,
  id: 'f00d:0100',
  class: '060400',
  headerType: 1,
  express,
  acs,
  secondaryBus: bus[0],
  subordinateBus: bus[1],
});

const endpoint = (address: string, extra: Partial<PciFunction> = {}): PciFunction => ({
  address,
  id: 'f00d:0110',
  headerType: 0,
  express: 'endpoint',
  acs: null,
  ...extra,
});

const settings = { rules: { 'pci-group': 'reachability-2025' } };

const lines = (...functions: readonly PciFunction[]): string[] => groupLines(group(topologyOf(functions, settings)));

const why = (address: string, ...functions: readonly PciFunction[]) => reasonFor(address, functions, settings);

const namesOf = (verdicts: readonly AcsVerdict[]): string[] => verdicts.map(({ device }) => device.name);

describe('a root port', () => {
  test('without ACS keeps to itself', () => {
    expect(lines(bridge('00:01.0', [1, 1], 'root-port'), endpoint('01:00.0'))).toEqual(['00:01.0', '01:00.0']);
  });

  test('with ACS left open is one with what is below', () => {
    expect(lines(bridge('00:01.0', [1, 1], 'root-port', OFF), endpoint('01:00.0'))).toEqual(['00:01.0 01:00.0']);
  });

  test('with ACS switched on keeps to itself', () => {
    expect(lines(bridge('00:01.0', [1, 1], 'root-port', ON), endpoint('01:00.0'))).toEqual(['00:01.0', '01:00.0']);
  });
});

describe('functions of one device', () => {
  const functions = (acs: Known<'acs'>) =>
    [0, 1].map((fn) => endpoint(`00:1f.${fn}`, { multifunction: true, express: 'rc-endpoint', acs }));

  test('without ACS are apart', () => {
    expect(lines(...functions(null))).toEqual(['00:1f.0', '00:1f.1']);
  });

  test('with ACS left open are together', () => {
    expect(lines(...functions(OFF))).toEqual(['00:1f.0 00:1f.1']);
  });

  test.each([
    ['isolates', ON],
    ['has no ACS', null],
  ])('are apart where one of them %s', (_, acs) => {
    const [open, other] = functions(OFF) as [PciFunction, PciFunction];
    expect(lines(open, { ...other, acs })).toEqual(['00:1f.0', '00:1f.1']);
    expect(lines({ ...open, acs }, other)).toEqual(['00:1f.0', '00:1f.1']);
  });

  test('are apart from functions of another slot', () => {
    const elsewhere = { multifunction: true, express: 'rc-endpoint', acs: OFF } as const;
    expect(lines(...functions(OFF), endpoint('00:1e.0', elsewhere))).toEqual(['00:1e.0', '00:1f.0 00:1f.1']);
  });

  test('say what each of them leaves open', () => {
    const { rule, other, verdicts } = why('00:1f.1', ...functions(OFF));
    expect([rule, other.name, namesOf(verdicts)]).toEqual([
      'multifunction-without-acs',
      '0000:00:1f.0',
      ['0000:00:1f.1', '0000:00:1f.0'],
    ]);
  });

  test('are joined through one that has no group itself', () => {
    // Ricoh's function 1 uses the id of function 0; function 2 can reach function 0.
    const open = { multifunction: true, express: 'rc-endpoint', acs: OFF } as const;
    const all = [
      endpoint('00:06.0', open),
      endpoint('00:06.1', { id: '1180:e832', multifunction: true }),
      endpoint('00:06.2', open),
    ];
    const topology = topologyOf(all, settings);
    expect(groupLines(group(topology, { uncovered: ['00:06.0'] }))).toEqual(['00:06.1 00:06.2']);
  });
});

test('a downstream port that isolates keeps apart the functions below it that have no ACS', () => {
  expect(
    lines(
      bridge('00:01.0', [1, 3], 'root-port', ON),
      bridge('01:00.0', [2, 3], 'upstream-port'),
      bridge('02:00.0', [3, 3], 'downstream-port', ON),
      endpoint('03:00.0', { multifunction: true }),
      endpoint('03:00.1', { multifunction: true }),
    ),
  ).toEqual(['00:01.0', '01:00.0', '02:00.0', '03:00.0', '03:00.1']);
});

test('one open downstream port joins all of its switch and all below', () => {
  expect(
    lines(
      bridge('00:01.0', [1, 4], 'root-port', ON),
      bridge('01:00.0', [2, 4], 'upstream-port'),
      bridge('02:00.0', [3, 3], 'downstream-port', OFF),
      bridge('02:01.0', [4, 4], 'downstream-port', ON),
      endpoint('03:00.0'),
      endpoint('04:00.0'),
    ),
  ).toEqual(['00:01.0', '01:00.0', '02:00.0 02:01.0 03:00.0 04:00.0']);
});

test('a switch whose ports all isolate splits', () => {
  expect(
    lines(
      bridge('00:01.0', [1, 3], 'root-port', ON),
      bridge('01:00.0', [2, 3], 'upstream-port'),
      bridge('02:00.0', [3, 3], 'downstream-port', ON),
      endpoint('03:00.0'),
    ),
  ).toEqual(['00:01.0', '01:00.0', '02:00.0', '03:00.0']);
});

test('a PCIe-to-PCI bridge is apart from what is behind it', () => {
  const conventional = { express: null } as const;
  expect(
    lines(
      bridge('00:01.0', [1, 2], 'root-port', ON),
      bridge('01:00.0', [2, 2], 'pcie-to-pci-bridge'),
      endpoint('02:00.0', conventional),
      endpoint('02:01.0', conventional),
    ),
  ).toEqual(['00:01.0', '01:00.0', '02:00.0 02:01.0']);
});

test('so is a conventional bridge that behaves as one', () => {
  const conventional = { express: null } as const;
  expect(
    lines(
      bridge('00:01.0', [1, 2], 'root-port', ON),
      // ASMedia ASM1083
      { ...bridge('01:00.0', [2, 2], null), id: '1b21:1080' },
      endpoint('02:00.0', conventional),
      endpoint('02:01.0', conventional),
    ),
  ).toEqual(['00:01.0', '01:00.0', '02:00.0 02:01.0']);
});

test('a bridge from PCI to PCI Express is one with what is behind it', () => {
  expect(lines(bridge('00:1e.0', [1, 1], 'pci-to-pcie-bridge'), endpoint('01:00.0'))).toEqual(['00:1e.0 01:00.0']);
});

test('the segment of a VMD endpoint is one with it', () => {
  const functions = [
    endpoint('00:0e.0', { id: '8086:9a0b' }),
    endpoint('00:0f.0'),
    endpoint('10000:e0:06.0', { segmentHost: '00:0e.0' }),
  ];
  expect(lines(...functions)).toEqual(['00:0e.0 10000:e0:06.0', '00:0f.0']);
  const { rule, other } = why('10000:e0:06.0', ...functions);
  expect([rule, other.name]).toEqual(['same-dma-device', '0000:00:0e.0']);
});

test('a conventional bridge is one with what is behind it, however deep', () => {
  expect(
    lines(
      bridge('00:1e.0', [1, 2], null),
      bridge('01:00.0', [2, 2], null),
      endpoint('02:00.0', { express: null }),
      endpoint('01:01.0', { express: null }),
    ),
  ).toEqual(['00:1e.0 01:00.0 01:01.0 02:00.0']);
});

test('aliases of a quirk still join', () => {
  // Marvell 88SE9230: function 0 uses the id of function 1.
  const functions = [0, 1].map((fn) => endpoint(`01:00.${fn}`, { id: '1b4b:9230', multifunction: true }));
  const port = bridge('00:01.0', [1, 1], 'root-port', ON);
  expect(lines(port, ...functions)).toEqual(['00:01.0', '01:00.0 01:00.1']);
  const { rule, verdicts, aliases } = why('01:00.1', port, ...functions);
  expect([rule, verdicts]).toEqual(['alias-partner', []]);
  expect(aliases).toMatchObject([{ device: { name: '0000:01:00.0' }, devfn: 1, by: 'quirk' }]);
});

test('says of what is alone which bridges isolate it', () => {
  const functions = [bridge('00:01.0', [1, 1], 'root-port', ON), endpoint('01:00.0')];
  const [below, above] = ['01:00.0', '00:01.0'].map((address) => why(address, ...functions));
  expect([below?.rule, namesOf(below?.verdicts ?? [])]).toEqual(['isolated', ['0000:00:01.0']]);
  expect([above?.rule, above?.verdicts]).toEqual(['isolated', []]);
});

test('names of the ports on a bus only those that lie open', () => {
  const { verdicts } = why(
    '04:00.0',
    bridge('00:01.0', [1, 4], 'root-port', ON),
    bridge('01:00.0', [2, 4], 'upstream-port'),
    bridge('02:00.0', [3, 3], 'downstream-port', OFF),
    bridge('02:01.0', [4, 4], 'downstream-port', ON),
    endpoint('04:00.0'),
  );
  expect(namesOf(verdicts)).toEqual(['0000:02:00.0']);
});

test('says which bus it is, and what lies open on it', () => {
  const functions = [bridge('00:01.0', [1, 1], 'root-port', OFF), endpoint('01:00.0')];
  const topology = topologyOf(functions, { rules: { 'pci-group': 'reachability-2025' } });
  const iommu = group(topology);
  const device = topology.find('01:00.0');
  expect(device && iommu.outcomeOf(device).reasons.map(({ rule, text }) => [rule, text])).toEqual([
    ['bus-not-isolated', expect.stringMatching(/0000:01:00\.0 .* 0000:00:01\.0 among them: 0000:00:01\.0 lacks/)],
  ]);
});
