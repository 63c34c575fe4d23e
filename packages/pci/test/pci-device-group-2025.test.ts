import { describe, expect, test } from 'vitest';
import type { PciFunction } from '../src/index.js';
import { topologyOf } from './support/topology.js';
import { group, groupLines } from './support/toy-driver.js';

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

const lines = (...functions: readonly PciFunction[]): string[] =>
  groupLines(group(topologyOf(functions, { rules: { 'pci-group': 'reachability-2025' } })));

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
  expect(lines(bridge('00:01.0', [1, 1], 'root-port', ON), ...functions)).toEqual(['00:01.0', '01:00.0 01:00.1']);
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
