import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import { acsVerdict, PciTopology, realDmaDevice, rootBusNames } from '../src/index.js';
import {
  conventional,
  endpoint,
  pciBridge,
  pciToPcie,
  rootPort,
  unread,
  upstreamPort,
  virtualFunction,
} from './support/functions.js';
import { at, settingsOf, topologyOf } from './support/topology.js';

const PORT = rootPort('00:1c.0', 1);
const VMD_HOST = endpoint('00:0e.0', { id: '8086:9a0b' });

test('finds a function with and without its segment', () => {
  const topology = topologyOf([PORT]);
  expect(topology.find('0000:00:1c.0')).toBe(topology.find('00:1c.0'));
});

test('finds nothing where no function is', () => {
  expect(topologyOf([PORT]).find('00:1c.1')).toBeUndefined();
});

test('finds nothing by what is no address', () => {
  expect(topologyOf([PORT]).find('eth0')).toBeUndefined();
});

test('gives the neighbour with another number on the same bus', () => {
  const topology = topologyOf([endpoint('03:00.0'), endpoint('03:1f.1')]);
  expect(topology.neighbour(at(topology, '03:00.0'), 0xf9)).toBe(at(topology, '03:1f.1'));
});

test('has no bridge and no bus above a root bus', () => {
  expect(at(topologyOf([PORT]), '00:1c.0').pciBus).toMatchObject({ self: undefined, parent: undefined });
});

test('puts a function on the bus behind the bridge with its bus number', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0')]);
  expect(at(topology, '01:00.0').pciBus.self).toBe(at(topology, '00:1c.0'));
});

test('tells buses of two segments apart', () => {
  const topology = topologyOf([PORT, endpoint('0001:01:00.0')]);
  expect(at(topology, '0001:01:00.0').pciBus.self).toBeUndefined();
});

test('does not take a bridge whose bus number was never set for one that leads somewhere', () => {
  expect(at(topologyOf([rootPort('00:1c.0', 0)]), '00:1c.0').subordinate).toBeUndefined();
});

test('knows the bus of a bridge from the function that names it as its parent', () => {
  const bridge = unread(PORT, 'secondaryBus', 'subordinateBus');
  const topology = topologyOf([endpoint('05:00.0', { parent: '00:1c.0' }), bridge]);
  expect(at(topology, '05:00.0').pciBus.self).toBe(at(topology, '00:1c.0'));
});

test('hangs a virtual bus on the bus of the physical function, without a bridge', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0'), virtualFunction('02:10.0', '01:00.0')]);
  const { self, parent } = at(topology, '02:10.0').pciBus;
  expect({ self, parent: parent?.number }).toEqual({ self: undefined, parent: 1 });
});

test('puts a virtual function with the bus number of its physical function on the same bus', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0'), virtualFunction('01:10.0', '01:00.0')]);
  expect(at(topology, '01:10.0').pciBus).toBe(at(topology, '01:00.0').pciBus);
});

test('hangs a bus to which no bridge leads on the innermost bridge around it', () => {
  const topology = topologyOf([
    rootPort('00:1c.0', 1, { subordinateBus: 9 }),
    pciBridge('01:00.0', 2, { subordinateBus: 7 }),
    conventional('05:00.0'),
  ]);
  expect(at(topology, '05:00.0').pciBus.parent?.self).toBe(at(topology, '01:00.0'));
});

test('looks anew for the bridge around a bus when bridges come and go', () => {
  const topology = topologyOf([rootPort('00:1c.0', 1, { subordinateBus: 9 }), conventional('05:00.0')]);
  const above = () => at(topology, '05:00.0').pciBus.parent?.self?.name;
  const replug = (): void => {
    const gone = at(topology, '05:00.0');
    topology.remove(gone);
    topology.add(gone.description);
  };
  expect(above()).toBe('0000:00:1c.0');
  const inner = topology.add(pciBridge('01:00.0', 2, { subordinateBus: 7 }));
  replug();
  expect(above()).toBe('0000:01:00.0');
  topology.remove(inner);
  replug();
  expect(above()).toBe('0000:00:1c.0');
});

test('says so when it is not known which bridge leads to a bus', () => {
  const topology = topologyOf([rootPort('00:1c.0', 1, { subordinateBus: 9 }), endpoint('05:00.0')]);
  expect(at(topology, '05:00.0').pciBus.parentUnknown).toBe(true);
});

test('does not know what is above a bus while a bridge of the segment leads nowhere known', () => {
  const topology = topologyOf([unread(PORT, 'secondaryBus', 'subordinateBus'), endpoint('05:00.0')]);
  expect(at(topology, '05:00.0').pciBus.parentUnknown).toBe(true);
});

test('takes the word of a description that a bus is a root bus', () => {
  const topology = topologyOf([unread(PORT, 'secondaryBus', 'subordinateBus'), endpoint('05:00.0', { parent: null })]);
  expect(at(topology, '05:00.0').pciBus).toMatchObject({ parent: undefined, parentUnknown: false });
});

test('takes a bus for a further root bus when every bridge is known to lead elsewhere', () => {
  expect(at(topologyOf([PORT, endpoint('80:00.0')]), '80:00.0').pciBus).toMatchObject({
    parent: undefined,
    parentUnknown: false,
  });
});

test('knows bus 0 for a root bus', () => {
  const topology = topologyOf([unread(PORT, 'secondaryBus', 'subordinateBus'), endpoint('00:02.0')]);
  expect(at(topology, '00:02.0').pciBus.parentUnknown).toBe(false);
});

test('hangs the root bus of a VMD segment on its endpoint', () => {
  const topology = topologyOf([VMD_HOST, rootPort('10000:e0:06.0', 0xe1, { segmentHost: '00:0e.0' })]);
  expect(at(topology, '10000:e0:06.0').pciBus.host).toBe(at(topology, '00:0e.0'));
});

test('takes the VMD endpoint for the device whose id all DMA of its segment carries', () => {
  const topology = topologyOf([
    VMD_HOST,
    rootPort('10000:e0:06.0', 0xe1, { segmentHost: '00:0e.0' }),
    endpoint('10000:e1:00.0'),
  ]);
  expect(realDmaDevice(at(topology, '10000:e1:00.0'))).toBe(at(topology, '00:0e.0'));
});

test('hosts root buses only: not one of which the bridge is not known', () => {
  const topology = topologyOf([
    VMD_HOST,
    rootPort('10000:e0:06.0', 0xe1, { segmentHost: '00:0e.0', subordinateBus: 0xe9 }),
    endpoint('10000:e5:00.0', { segmentHost: '00:0e.0' }),
  ]);
  expect(at(topology, '10000:e5:00.0').pciBus.host).toBeUndefined();
  expect(topology.hostedBy(at(topology, '00:0e.0'))).toEqual([at(topology, '10000:e0:06.0').pciBus]);
});

test.each([
  ['on the root bus', '10000:e0:00.0'],
  ['behind a bridge', '10000:e1:00.0'],
])('hosts no segment by a function that is itself in a hosted one: %s', (_, inner) => {
  const topology = topologyOf([
    VMD_HOST,
    rootPort('10000:e0:06.0', 0xe1, { segmentHost: '00:0e.0' }),
    endpoint(inner, { segmentHost: '00:0e.0' }),
    endpoint('10001:e0:00.0', { segmentHost: inner }),
  ]);
  expect(at(topology, '10001:e0:00.0').pciBus.host).toBeUndefined();
  expect(topology.hostedBy(at(topology, inner))).toEqual([]);
});

test('takes any other function for its own DMA device', () => {
  const device = at(topologyOf([endpoint('ffff:00:01.0', { segmentHost: '00:0e.0' }), VMD_HOST]), 'ffff:00:01.0');
  expect(realDmaDevice(device)).toBe(device);
});

test('spells the path of a function below its bridges', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0')]);
  expect(at(topology, '01:00.0').path).toBe('pci0000:00/0000:00:1c.0/0000:01:00.0');
});

test('spells the path of a virtual function beside its physical one', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0'), virtualFunction('02:10.0', '01:00.0')]);
  expect(at(topology, '02:10.0').path).toBe('pci0000:00/0000:00:1c.0/0000:02:10.0');
});

test('spells the path of a VMD child below the endpoint', () => {
  const topology = topologyOf([VMD_HOST, endpoint('10000:e0:06.0', { segmentHost: '00:0e.0' })]);
  expect(at(topology, '10000:e0:06.0').path).toBe('pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0');
});

test('names its root buses, ascending', () => {
  const topology = topologyOf([endpoint('80:00.0'), PORT, endpoint('01:00.0'), endpoint('0001:00:00.0')]);
  expect(rootBusNames(topology)).toEqual(['0000:00', '0000:80', '0001:00']);
});

test('names its root buses, ascending, whatever the order of their scan', () => {
  const topology = topologyOf([endpoint('00:00.0'), endpoint('80:00.0')], {}, { rootBuses: ['0000:80'] });
  expect(rootBusNames(topology)).toEqual(['0000:00', '0000:80']);
});

test('refuses two functions with one address', () => {
  expect(() => topologyOf([endpoint('0000:01:00.0'), endpoint('01:00.0')])).toThrow(
    expect.toSatisfy((error) => isIommuError(error, 'ERR_PCI_DUPLICATE')),
  );
});

test('refuses a function whose address cannot be read', () => {
  expect(() => PciTopology.build([{ address: 'eth0' }], settingsOf())).toThrow(
    expect.toSatisfy((error) => isIommuError(error, 'ERR_PCI_ADDRESS')),
  );
});

test('knows everything while nothing had to be supposed', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0')]);
  for (const device of topology.devices) acsVerdict(device);
  expect(topology.hasUnknown).toBe(false);
});

test.each([
  ['an ACS capability that a verdict needed was not read', [unread(PORT, 'acs')]],
  ['a bus was not placed', [rootPort('00:1c.0', 1, { subordinateBus: 9 }), endpoint('05:00.0')]],
  ['the kind of a bridge was not read', [unread(upstreamPort('00:1c.0', 1), 'express', 'acs')]],
])('says that something had to be supposed when %s', (_, functions) => {
  const topology = topologyOf(functions);
  for (const device of topology.devices) acsVerdict(device);
  expect(topology.hasUnknown).toBe(true);
});

test('supposes the kind of a bridge before anything is judged', () => {
  expect(topologyOf([unread(PORT, 'express')]).hasUnknown).toBe(true);
});

test('supposes nothing of a function that nobody asked about', () => {
  expect(topologyOf([unread(endpoint('00:05.0'), 'express', 'acs')]).hasUnknown).toBe(false);
});

test('takes a bridge from PCI for a bridge with a bus of PCI Express', () => {
  const topology = topologyOf([pciBridge('00:1e.0', 1), pciToPcie('01:00.0', 2), endpoint('02:00.0')]);
  expect(at(topology, '02:00.0').pciBus.self).toBe(at(topology, '01:00.0'));
});
