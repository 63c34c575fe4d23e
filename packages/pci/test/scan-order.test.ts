import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PciFunction } from '../src/index.js';
import { downstreamPort, endpoint, pciBridge, rootPort, upstreamPort, virtualFunction } from './support/functions.js';
import { at, namesOf, topologyOf } from './support/topology.js';

const scanned = (
  functions: readonly PciFunction[],
  known: { readonly order?: readonly string[]; readonly rootBuses?: readonly string[] } = {},
): string[] => namesOf(topologyOf(functions, {}, known));

const SWITCH = [
  endpoint('00:02.0'),
  rootPort('00:01.0', 1, { subordinateBus: 4 }),
  upstreamPort('01:00.0', 2, { subordinateBus: 4 }),
  downstreamPort('02:01.0', 4),
  downstreamPort('02:00.0', 3),
  endpoint('03:00.0'),
  endpoint('04:00.0'),
  endpoint('00:1f.0'),
];

test('scans a bus slot by slot, then the bus of each bridge in turn', () => {
  expect(scanned(SWITCH)).toEqual([
    '00:01.0',
    '00:02.0',
    '00:1f.0',
    '01:00.0',
    '02:00.0',
    '02:01.0',
    '03:00.0',
    '04:00.0',
  ]);
});

test('scans all behind the first bridge before what is behind the second', () => {
  const functions = [
    rootPort('00:01.0', 8, { subordinateBus: 9 }),
    rootPort('00:02.0', 1),
    pciBridge('08:00.0', 9),
    endpoint('09:00.0'),
    endpoint('01:00.0'),
  ];
  expect(scanned(functions)).toEqual(['00:01.0', '00:02.0', '08:00.0', '09:00.0', '01:00.0']);
});

test('gives the same order whatever the order of the descriptions', () => {
  const order = scanned(SWITCH);
  fc.assert(
    fc.property(fc.shuffledSubarray(SWITCH, { minLength: SWITCH.length }), (shuffled) => {
      expect(scanned(shuffled)).toEqual(order);
    }),
  );
});

test('scans root buses by segment, then by number', () => {
  const functions = [endpoint('0001:00:00.0'), endpoint('80:00.0'), endpoint('00:00.0')];
  expect(scanned(functions)).toEqual(['00:00.0', '80:00.0', '0001:00:00.0']);
});

test('scans root buses in the order in which the kernel found them', () => {
  const functions = [endpoint('00:00.0'), endpoint('80:00.0'), endpoint('40:00.0'), endpoint('c0:00.0')];
  expect(scanned(functions, { rootBuses: ['0000:c0', '0000:80'] })).toEqual([
    'c0:00.0',
    '80:00.0',
    '00:00.0',
    '40:00.0',
  ]);
});

test('finishes a root bus with all behind it before the next', () => {
  const functions = [endpoint('80:00.0'), rootPort('00:01.0', 1), endpoint('01:00.0')];
  expect(scanned(functions, { rootBuses: ['0000:00', '0000:80'] })).toEqual(['00:01.0', '01:00.0', '80:00.0']);
});

test('puts virtual functions after all others', () => {
  const functions = [
    rootPort('00:01.0', 1),
    endpoint('01:00.0'),
    virtualFunction('01:10.0', '01:00.0'),
    endpoint('80:00.0'),
  ];
  expect(scanned(functions)).toEqual(['00:01.0', '01:00.0', '80:00.0', '01:10.0']);
});

test('puts the virtual functions of one physical function beside each other', () => {
  const functions = [
    endpoint('01:00.0'),
    endpoint('01:00.1'),
    virtualFunction('01:10.0', '01:00.0'),
    virtualFunction('01:10.1', '01:00.1'),
    virtualFunction('01:10.2', '01:00.0'),
    virtualFunction('01:10.3', '01:00.1'),
  ];
  expect(scanned(functions).slice(2)).toEqual(['01:10.0', '01:10.2', '01:10.1', '01:10.3']);
});

test('takes the order in which the kernel found them, where it is known', () => {
  const functions = [endpoint('00:00.0'), endpoint('00:01.0'), endpoint('00:02.0')];
  expect(scanned(functions, { order: ['00:02.0', '00:00.0', '00:01.0'] })).toEqual(['00:02.0', '00:00.0', '00:01.0']);
});

test('puts functions of which the order is not known after those of which it is', () => {
  const functions = [endpoint('00:00.0'), endpoint('00:01.0'), endpoint('00:02.0')];
  expect(scanned(functions, { order: ['00:01.0'] })).toEqual(['00:01.0', '00:00.0', '00:02.0']);
});

test('passes over a function of the order that is not there', () => {
  expect(scanned([endpoint('00:00.0')], { order: ['00:09.0', '00:00.0'] })).toEqual(['00:00.0']);
});

test('puts a bridge before what is behind it even where the order says otherwise', () => {
  const functions = [rootPort('00:01.0', 1), endpoint('01:00.0')];
  expect(scanned(functions, { order: ['01:00.0', '00:01.0'] })).toEqual(['00:01.0', '01:00.0']);
});

test('puts every bridge of a way before the function at its end', () => {
  expect(scanned(SWITCH, { order: ['04:00.0'] }).slice(0, 4)).toEqual(['00:01.0', '01:00.0', '02:01.0', '04:00.0']);
});

test('puts a physical function before its virtual ones even where the order says otherwise', () => {
  const functions = [endpoint('01:00.0'), virtualFunction('02:00.0', '01:00.0')];
  expect(scanned(functions, { order: ['02:00.0', '01:00.0'] })).toEqual(['01:00.0', '02:00.0']);
});

test('puts a VMD endpoint before the functions of its segment even where the order says otherwise', () => {
  const functions = [endpoint('00:0e.0'), endpoint('10000:e0:00.0', { segmentHost: '00:0e.0' })];
  expect(scanned(functions, { order: ['10000:e0:00.0', '00:0e.0'] })).toEqual(['00:0e.0', '10000:e0:00.0']);
});

test('puts a bridge before the functions somewhere behind it even where the order says otherwise', () => {
  const functions = [rootPort('00:01.0', 1, { subordinateBus: 9 }), endpoint('05:00.0')];
  expect(scanned(functions, { order: ['05:00.0', '00:01.0'] })).toEqual(['00:01.0', '05:00.0']);
});

test('places every function once, though bridges name each other as parents', () => {
  const functions = [
    rootPort('00:01.0', 1, { parent: '00:02.0' }),
    rootPort('00:02.0', 2, { parent: '00:01.0' }),
    endpoint('01:00.0'),
  ];
  expect(scanned(functions).sort()).toEqual(['00:01.0', '00:02.0', '01:00.0']);
});

test('places every function once, though the order names it too', () => {
  const topology = topologyOf([endpoint('00:00.0'), endpoint('00:01.0')], {}, { order: ['00:01.0'] });
  expect(at(topology, '00:00.0').pciBus.devices.map(({ devfn }) => devfn)).toEqual([0x08, 0x00]);
});
