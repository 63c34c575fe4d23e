import { describe, expect, test } from 'vitest';
import { isPciDevice, isPciePort, PcieType, type PcieTypeName, PciTopology } from '../src/index.js';
import { endpoint, pciBridge, rootPort, unread, upstreamPort, virtualFunction } from './support/functions.js';
import { at, deviceOf, settingsOf, topologyOf } from './support/topology.js';

test('is a device of the bus pci, which nothing else is', () => {
  const device = deviceOf(endpoint('00:02.0'));
  expect([device.bus, isPciDevice(device)]).toEqual(['pci', true]);
  expect(isPciDevice({ name: 'a', bus: 'pci', path: 'a' })).toBe(false);
});

test.each([
  [true, true],
  [false, false],
  [undefined, false],
])('is untrusted where its description says so: %s', (untrusted, expected) => {
  expect(deviceOf({ ...endpoint('00:02.0'), ...(untrusted !== undefined && { untrusted }) }).untrusted).toBe(expected);
});

describe('a bridge', () => {
  test.each([
    ['what has a bus behind it', rootPort('00:02.0', 1), true],
    ['what has a bus behind it, though its header was not read', unread(rootPort('00:02.0', 1), 'headerType'), true],
    ['what has the header of one', unread(pciBridge('00:02.0', 1), 'secondaryBus', 'subordinateBus'), true],
    ['what has the header of a CardBus bridge', endpoint('00:02.0', { headerType: 2 }), true],
    ['not a device', endpoint('00:02.0'), false],
    ['not what was not read', unread(endpoint('00:02.0'), 'headerType'), false],
  ])('is %s', (_, one, expected) => {
    expect(deviceOf(one).isBridge).toBe(expected);
  });
});

test('a virtual function is one function, whatever its number, and knows its physical one', () => {
  const topology = topologyOf([endpoint('01:00.0'), virtualFunction('01:00.1', '01:00.0', { multifunction: true })]);
  const virtual = at(topology, '01:00.1');
  expect([virtual.isVirtualFunction, virtual.multifunction]).toEqual([true, false]);
  expect(virtual.physicalFunction).toBe(at(topology, '01:00.0'));
  expect(at(topology, '01:00.0').physicalFunction).toBeUndefined();
});

test('a root bus may stand below a device of another bus', () => {
  const rootParents = { '0000:00': 'platform/4010000000.pcie' };
  const topology = PciTopology.build([rootPort('00:1c.0', 1), endpoint('01:00.0')], settingsOf(), { rootParents });
  expect(topology.find('01:00.0')?.path).toBe('platform/4010000000.pcie/pci0000:00/0000:00:1c.0/0000:01:00.0');
});

test.each<[PcieTypeName, boolean]>([
  ['root-port', true],
  ['upstream-port', true],
  ['downstream-port', true],
  ['endpoint', false],
  ['pcie-to-pci-bridge', false],
  ['pci-to-pcie-bridge', false],
])('%s: a port of PCI Express is %s', (name, expected) => {
  expect(isPciePort(PcieType[name])).toBe(expected);
});

test.each(['endpoint', 'pcie-to-pci-bridge'] as const)(
  'what is no port of a switch stays below one what it is: %s',
  (name) => {
    const port = upstreamPort('01:00.0', 2);
    const device = deviceOf(endpoint('02:00.0', { express: name }), {}, [rootPort('00:01.0', 1), port]);
    expect(device.express).toBe(PcieType[name]);
  },
);

test('an upstream port is a downstream port below another, and only there', () => {
  const chain = [
    rootPort('00:01.0', 1, { subordinateBus: 3 }),
    upstreamPort('01:00.0', 2, { subordinateBus: 3 }),
    upstreamPort('02:00.0', 3),
  ];
  const topology = topologyOf(chain);
  expect(chain.map(({ address }) => at(topology, address).express)).toEqual([4, 5, 6]);
});
