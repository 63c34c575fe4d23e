import { expect, test } from 'vitest';
import { PcieType, type PciFunction, pcieTypeName } from '../src/index.js';
import { downstreamPort, endpoint, pciBridge, pciToPcie, rootPort, upstreamPort } from './support/functions.js';
import { at, topologyOf } from './support/topology.js';

/** The type of each function after the kernel's corrections, in the order given. */
const typesOf = (...functions: PciFunction[]): string[] => {
  const topology = topologyOf(functions);
  return functions.map(({ address }) => pcieTypeName(at(topology, address).express ?? -1));
};

test('names every type', () => {
  expect(Object.values(PcieType).map(pcieTypeName)).toEqual(Object.keys(PcieType));
});

test('names a reserved type by its number', () => {
  expect(pcieTypeName(11)).toBe('type-11');
});

test('takes a downstream port right below a root port for an upstream port', () => {
  expect(typesOf(rootPort('00:01.0', 1), downstreamPort('01:00.0', 2))[1]).toBe('upstream-port');
});

test('takes a downstream port right below a downstream port for an upstream port', () => {
  const types = typesOf(
    rootPort('00:01.0', 1),
    upstreamPort('01:00.0', 2),
    downstreamPort('02:00.0', 3),
    downstreamPort('03:00.0', 4),
  );
  expect(types[3]).toBe('upstream-port');
});

test('takes a downstream port right below a bridge from PCI for an upstream port', () => {
  const types = typesOf(pciBridge('00:1e.0', 1), pciToPcie('01:00.0', 2), downstreamPort('02:00.0', 3));
  expect(types[2]).toBe('upstream-port');
});

test('takes an upstream port right below an upstream port for a downstream port', () => {
  const types = typesOf(rootPort('00:01.0', 1), upstreamPort('01:00.0', 2), upstreamPort('02:00.0', 3));
  expect(types[2]).toBe('downstream-port');
});

test('judges a port by the corrected type of the one above', () => {
  const types = typesOf(
    rootPort('00:01.0', 1),
    downstreamPort('01:00.0', 2), // an upstream port in truth
    upstreamPort('02:00.0', 3), // a downstream port in truth
    downstreamPort('03:00.0', 4), // so this is an upstream port
  );
  expect(types).toEqual(['root-port', 'upstream-port', 'downstream-port', 'upstream-port']);
});

test('leaves a switch that says what it is', () => {
  const types = typesOf(rootPort('00:01.0', 1), upstreamPort('01:00.0', 2), downstreamPort('02:00.0', 3));
  expect(types).toEqual(['root-port', 'upstream-port', 'downstream-port']);
});

test('leaves a port on a root bus, where nothing is above', () => {
  expect(typesOf(downstreamPort('00:01.0', 1), upstreamPort('00:02.0', 2))).toEqual([
    'downstream-port',
    'upstream-port',
  ]);
});

test('leaves an endpoint wherever it is', () => {
  expect(typesOf(rootPort('00:01.0', 1), endpoint('01:00.0'))[1]).toBe('endpoint');
});
