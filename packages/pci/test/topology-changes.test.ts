import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import type { PciTopology } from '../src/index.js';
import { endpoint, rootPort, unread, virtualFunction } from './support/functions.js';
import { at, topologyOf } from './support/topology.js';

/* Functions that come and go. */

const PORT = rootPort('00:1c.0', 1, { subordinateBus: 4 });
const VMD_HOST = endpoint('00:0e.0', { id: '8086:9a0b' });

const busNames = ({ buses }: PciTopology): string[] =>
  [...buses].map(({ segment, number }) => `${segment}:${number.toString(16)}`);

const remove = (topology: PciTopology, address: string): void => topology.remove(at(topology, address));

test('every change ends what was concluded before', () => {
  const topology = topologyOf([PORT]);
  const epochs = [topology.epoch];
  const device = topology.add(endpoint('01:00.0'));
  epochs.push(topology.epoch);
  topology.settle(device);
  epochs.push(topology.epoch);
  topology.remove(device);
  epochs.push(topology.epoch);
  expect(epochs).toEqual([0, 1, 2, 3]);
});

test('a function that is plugged in is on the bus behind its bridge, and none of those at boot', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0')]);
  expect(topology.add(endpoint('01:00.1')).pciBus).toBe(at(topology, '01:00.0').pciBus);
  expect(topology.devices.map(({ arrival }) => arrival)).toEqual(['first', 'boot', 'hot-plug']);
});

test('a function that comes to an empty machine was plugged in, too', () => {
  expect(topologyOf([]).add(endpoint('00:00.0')).arrival).toBe('hot-plug');
});

test('a function whose header was not read counts as one of several at boot, and not when it is plugged in', () => {
  const bare = unread(endpoint('00:05.0'), 'multifunction');
  const sibling = endpoint('00:05.1', { multifunction: true });
  expect(at(topologyOf([bare, sibling]), '00:05.0').multifunction).toBe(true);
  expect(topologyOf([sibling]).add(bare).multifunction).toBe(false);
});

test('a function of the next slot makes nothing one of several', () => {
  const bare = unread(endpoint('00:04.0'), 'multifunction');
  expect(at(topologyOf([bare, endpoint('00:05.0')]), '00:04.0').multifunction).toBe(false);
});

test('a function that was removed is found no more, nor is its place taken', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0'), endpoint('01:00.1')]);
  const gone = at(topology, '01:00.0');
  topology.remove(gone);
  expect(topology.find('01:00.0')).toBeUndefined();
  expect(at(topology, '01:00.1').pciBus.devices).toEqual([at(topology, '01:00.1')]);
  expect(() => topology.remove(gone)).toThrow(expect.toSatisfy((error) => isIommuError(error, 'ERR_DEVICE_UNKNOWN')));
  expect(topology.add(endpoint('01:00.0')).name).toBe('0000:01:00.0');
});

test('the bus behind a bridge goes with the bridge, not with what was on it', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0')]);
  remove(topology, '01:00.0');
  expect(busNames(topology)).toEqual(['0:0', '0:1']);
  remove(topology, '00:1c.0');
  expect(busNames(topology)).toEqual(['0:0']);
});

test('another bridge may lead to the bus of one that is gone', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0')]);
  for (const address of ['01:00.0', '00:1c.0']) remove(topology, address);
  const port = topology.add(rootPort('00:1d.0', 1));
  expect(topology.add(endpoint('01:00.0')).pciBus.self).toBe(port);
});

test('a root bus stays when all on it is gone', () => {
  const topology = topologyOf([endpoint('80:00.0')]);
  remove(topology, '80:00.0');
  expect(busNames(topology)).toEqual(['0:80']);
});

test('a bus that hangs in the air goes with the last function on it', () => {
  const topology = topologyOf([PORT, endpoint('03:00.0'), endpoint('03:01.0')]);
  remove(topology, '03:00.0');
  expect(busNames(topology)).toContain('0:3');
  remove(topology, '03:01.0');
  expect(busNames(topology)).not.toContain('0:3');
});

test('a bus of which nothing is known above goes with the last function on it', () => {
  const topology = topologyOf([unread(PORT, 'secondaryBus', 'subordinateBus'), endpoint('05:00.0')]);
  remove(topology, '05:00.0');
  expect(busNames(topology)).toEqual(['0:0']);
});

test('the bus of virtual functions is beside that of the physical one, and goes with the last of them', () => {
  const topology = topologyOf([
    PORT,
    endpoint('01:00.0'),
    virtualFunction('02:10.0', '01:00.0'),
    virtualFunction('02:10.1', '01:00.0'),
    virtualFunction('03:10.0', '01:00.0'),
  ]);
  const virtual = () => at(topology, '01:00.0').pciBus.virtual.map(({ number }) => number);
  expect(virtual()).toEqual([2, 3]);
  remove(topology, '02:10.0');
  expect(virtual()).toEqual([2, 3]);
  remove(topology, '02:10.1');
  expect([virtual(), busNames(topology)]).toEqual([[3], ['0:0', '0:1', '0:3']]);
  // No bus behind a bridge is such a one.
  expect(at(topology, '00:1c.0').pciBus.virtual).toEqual([]);
});

test('a bus without the function that used the id of another has none', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0', { id: '1b4b:9230' }), endpoint('01:00.1')]);
  const bus = at(topology, '01:00.1').pciBus;
  expect(bus.hasAliases).toBe(true);
  remove(topology, '01:00.1');
  expect(bus.hasAliases).toBe(true);
  remove(topology, '01:00.0');
  expect(bus.hasAliases).toBe(false);
});

test('a bus has no aliases once the function with them is gone, though others are there', () => {
  const topology = topologyOf([PORT, endpoint('01:00.0', { id: '1b4b:9230' }), endpoint('01:00.1')]);
  remove(topology, '01:00.0');
  expect(at(topology, '01:00.1').pciBus.hasAliases).toBe(false);
});

test('a bus on which one of several functions uses the id of another has aliases after another one is gone', () => {
  const functions = [endpoint('01:00.0', { id: '1b4b:9230' }), endpoint('01:00.1'), endpoint('01:00.2')];
  const topology = topologyOf([PORT, ...functions]);
  remove(topology, '01:00.1');
  expect(at(topology, '01:00.2').pciBus.hasAliases).toBe(true);
});

test('the root bus that an endpoint hosts goes with the endpoint', () => {
  const child = endpoint('10000:e0:06.0', { segmentHost: '00:0e.0' });
  const topology = topologyOf([VMD_HOST, endpoint('00:0f.0'), child]);
  const host = at(topology, '00:0e.0');
  expect(topology.hostedBy(host)).toEqual([at(topology, '10000:e0:06.0').pciBus]);
  expect(topology.hostedBy(at(topology, '00:0f.0'))).toEqual([]);
  expect(topology.bus(0x10000, 0xe0)).toBe(at(topology, '10000:e0:06.0').pciBus);
  remove(topology, '10000:e0:06.0');
  remove(topology, '00:0e.0');
  expect(busNames(topology)).toEqual(['0:0']);
});
