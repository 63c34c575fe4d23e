import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import { acsVerdict } from '../src/index.js';
import { ACS_ON, conventional, endpoint, rootPort, unread, virtualFunction } from './support/functions.js';
import { at, deviceOf, topologyOf } from './support/topology.js';

const FIRST = endpoint('00:05.0', { multifunction: true });

test('counts a function above 0 as one of several, though its own bit is clear', () => {
  expect(deviceOf(endpoint('00:05.1'), {}, [FIRST]).multifunction).toBe(true);
});

test('counts function 0 by its bit when it is set', () => {
  expect(deviceOf(FIRST).multifunction).toBe(true);
});

test('counts function 0 by its bit when it is clear', () => {
  expect(deviceOf(endpoint('00:05.0'), {}, [endpoint('00:05.1')]).multifunction).toBe(false);
});

test('counts function 0 by the company in its slot when its bit was not read', () => {
  expect(deviceOf(unread(FIRST, 'multifunction'), {}, [endpoint('00:05.1')]).multifunction).toBe(true);
});

test('counts a function alone in its slot as single when its bit was not read', () => {
  expect(deviceOf(unread(FIRST, 'multifunction'), {}, [endpoint('00:06.1')]).multifunction).toBe(false);
});

test('does not count virtual functions as company in the slot', () => {
  const first = unread(FIRST, 'multifunction');
  expect(deviceOf(first, {}, [virtualFunction('00:05.1', '00:05.0')]).multifunction).toBe(false);
});

test.each(['01:00.1', '02:00.1'])('never counts a virtual function as one of several (%s)', (address) => {
  const virtual = virtualFunction(address, '01:00.0', { multifunction: true });
  expect(deviceOf(virtual, {}, [endpoint('01:00.0', { multifunction: true })]).multifunction).toBe(false);
});

test('counts a function in a slot above 0 below a port as one of several: it was found by ARI', () => {
  expect(deviceOf(endpoint('01:01.0'), {}, [rootPort('00:01.0', 1)]).multifunction).toBe(true);
});

test('does not take a function in slot 0 below a port for one found by ARI', () => {
  expect(deviceOf(endpoint('01:00.0'), {}, [rootPort('00:01.0', 1)]).multifunction).toBe(false);
});

test('does not take a function on a root bus for one found by ARI', () => {
  expect(deviceOf(endpoint('00:01.0')).multifunction).toBe(false);
});

test('counts a function plugged in later by its own bit', () => {
  expect(topologyOf([FIRST]).add(endpoint('00:05.1')).multifunction).toBe(false);
});

test('counts a function plugged in later as one of several when its bit is set', () => {
  expect(topologyOf([FIRST]).add(endpoint('00:05.1', { multifunction: true })).multifunction).toBe(true);
});

test('counts a function above 0 as one of several once the scan of its slot went on', () => {
  const topology = topologyOf([FIRST]);
  const device = topology.add(endpoint('00:05.1'));
  topology.settle(device);
  expect(device.multifunction).toBe(true);
});

test('keeps function 0 as its bit says when the scan of its slot went on', () => {
  const topology = topologyOf([]);
  const device = topology.add(endpoint('00:05.0'));
  topology.settle(device);
  expect(device.multifunction).toBe(false);
});

test('judges isolation anew once the scan of the slot went on', () => {
  const topology = topologyOf([FIRST]);
  const device = topology.add(endpoint('00:05.1'));
  const before = acsVerdict(device).isolated;
  topology.settle(device);
  expect([before, acsVerdict(device).isolated]).toEqual([true, false]);
});

test('puts a function plugged in later at the end of its bus', () => {
  const topology = topologyOf([endpoint('00:05.0')]);
  topology.add(endpoint('00:03.0'));
  expect(at(topology, '00:05.0').pciBus.devices.map(({ name }) => name)).toEqual(['0000:00:05.0', '0000:00:03.0']);
});

test('gives a bridge plugged in later its bus', () => {
  const topology = topologyOf([]);
  topology.add(rootPort('00:01.0', 1, { acs: ACS_ON }));
  expect(topology.add(endpoint('01:00.0')).pciBus.self).toBe(at(topology, '00:01.0'));
});

test('refuses to plug a function in where one is', () => {
  expect(() => topologyOf([FIRST]).add(conventional('00:05.0'))).toThrow(
    expect.toSatisfy((error) => isIommuError(error, 'ERR_PCI_DUPLICATE')),
  );
});

test('refuses to plug a function in whose address cannot be read', () => {
  expect(() => topologyOf([]).add({ address: 'nowhere' })).toThrow(
    expect.toSatisfy((error) => isIommuError(error, 'ERR_PCI_ADDRESS')),
  );
});

test('does not find a function that was removed', () => {
  const topology = topologyOf([FIRST]);
  topology.remove(at(topology, '00:05.0'));
  expect([topology.find('00:05.0'), topology.devices]).toEqual([undefined, []]);
});

test('takes a removed function off its bus', () => {
  const topology = topologyOf([FIRST, endpoint('00:06.0')]);
  const { pciBus } = at(topology, '00:06.0');
  topology.remove(at(topology, '00:05.0'));
  expect(pciBus.devices).toEqual([at(topology, '00:06.0')]);
});

test('lets another function come where one was removed', () => {
  const topology = topologyOf([FIRST]);
  topology.remove(at(topology, '00:05.0'));
  expect(topology.add(conventional('00:05.0'))).toBe(at(topology, '00:05.0'));
});

test('lets another bridge lead to the bus of one that was removed', () => {
  const topology = topologyOf([rootPort('00:01.0', 1)]);
  topology.remove(at(topology, '00:01.0'));
  topology.add(rootPort('00:02.0', 1));
  expect(topology.add(endpoint('01:00.0')).pciBus.self).toBe(at(topology, '00:02.0'));
});

test('refuses to remove a function twice', () => {
  const topology = topologyOf([FIRST]);
  const device = at(topology, '00:05.0');
  topology.remove(device);
  expect(() => topology.remove(device)).toThrow(expect.toSatisfy((error) => isIommuError(error, 'ERR_DEVICE_UNKNOWN')));
});

test('refuses to remove a function of another topology', () => {
  expect(() => topologyOf([FIRST]).remove(deviceOf(FIRST))).toThrow(
    expect.toSatisfy((error) => isIommuError(error, 'ERR_DEVICE_UNKNOWN')),
  );
});
