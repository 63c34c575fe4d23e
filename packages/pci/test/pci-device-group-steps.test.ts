import { describe, expect, test } from 'vitest';
import type { PciFunction, PciTopology } from '../src/index.js';
import {
  ACS_ON,
  conventional,
  downstreamPort,
  endpoint,
  pciBridge,
  pcieToPci,
  rootPort,
  unread,
  upstreamPort,
} from './support/functions.js';
import { at, topologyOf } from './support/topology.js';
import { group, groupLines, groupsOf } from './support/toy-driver.js';

const several = { multifunction: true };
const PORT = rootPort('00:01.0', 1, { acs: ACS_ON, subordinateBus: 9 });
const OPEN_PORT = rootPort('00:01.0', 1, { subordinateBus: 9 });

test('hands out ids in the order of probing', () => {
  const topology = topologyOf([endpoint('00:02.0'), endpoint('00:03.0')]);
  const order = [at(topology, '00:03.0'), at(topology, '00:02.0')];
  expect(groupLines(group(topology, { order }))).toEqual(['00:03.0', '00:02.0']);
});

describe('the alias step', () => {
  test('stops at the nearest device that has a group', () => {
    const functions = [
      pciBridge('00:1e.0', 1, { subordinateBus: 2 }),
      pciBridge('01:01.0', 2),
      conventional('02:00.0'),
    ];
    const topology = topologyOf(functions);
    // The outer bridge comes last: when the function is grouped, only the inner one has a group.
    const order = ['01:01.0', '02:00.0', '00:1e.0'].map((address) => at(topology, address));
    expect(groupLines(group(topology, { order }))).toEqual(['01:01.0 02:00.0', '00:1e.0']);
  });

  test('goes on past a device that no IOMMU translates', () => {
    const functions = [
      pciBridge('00:1e.0', 1, { subordinateBus: 2 }),
      pciBridge('01:01.0', 2),
      conventional('02:00.0'),
    ];
    expect(groupsOf(functions, {}, { uncovered: ['01:01.0'] })).toEqual(['00:1e.0 02:00.0']);
  });

  test('takes the place of the last device met for the steps that follow', () => {
    // Below a bridge without a group, a function is judged from where the bridge is.
    const functions = [PORT, pcieToPci('01:00.0', 2), conventional('02:00.0', several), conventional('02:00.1')];
    expect(groupsOf(functions, {}, { uncovered: ['01:00.0'] })).toEqual(['00:01.0', '02:00.0', '02:00.1']);
  });

  test('goes on from the endpoint that hosts the segment when it has no group', () => {
    const functions = [
      OPEN_PORT,
      endpoint('01:00.0', { id: '8086:9a0b' }),
      endpoint('10000:00:00.0', { segmentHost: '01:00.0' }),
    ];
    expect(groupsOf(functions, {}, { uncovered: ['01:00.0'] })).toEqual(['00:01.0 10000:00:00.0']);
  });
});

describe('the upstream step', () => {
  const SWITCH = [
    upstreamPort('01:00.0', 2, { subordinateBus: 9 }),
    downstreamPort('02:00.0', 3, { acs: ACS_ON }),
    endpoint('03:00.0'),
  ];

  test('goes on past a bridge that no IOMMU translates', () => {
    expect(groupsOf([OPEN_PORT, ...SWITCH], {}, { uncovered: ['01:00.0', '02:00.0'] })).toEqual(['00:01.0 03:00.0']);
  });

  test('ends where the whole way up isolates', () => {
    const [upstream, , last] = SWITCH as [PciFunction, PciFunction, PciFunction];
    const functions = [PORT, upstream, downstreamPort('02:00.0', 3), last];
    expect(groupsOf(functions)).toEqual(['00:01.0', '01:00.0', '02:00.0 03:00.0']);
  });

  test('judges the upstream port of several functions by its flags', () => {
    const [, port, last] = SWITCH as [PciFunction, PciFunction, PciFunction];
    const functions = [PORT, upstreamPort('01:00.0', 2, { subordinateBus: 9, ...several }), port, last];
    expect(groupsOf(functions)).toEqual(['00:01.0', '01:00.0 02:00.0 03:00.0']);
  });

  test('makes a new group when nothing on a way that does not isolate has one', () => {
    expect(groupsOf([OPEN_PORT, endpoint('01:00.0')], {}, { uncovered: ['00:01.0'] })).toEqual(['01:00.0']);
  });
});

describe('the step beside', () => {
  test('finds a function that uses the id of this one', () => {
    const ricoh = endpoint('00:05.3', { id: '1180:e832', multifunction: true, acs: ACS_ON });
    const topology = topologyOf([endpoint('00:05.0', { ...several, acs: ACS_ON }), ricoh]);
    const order = ['00:05.3', '00:05.0'].map((address) => at(topology, address));
    expect(groupLines(group(topology, { order }))).toEqual(['00:05.0 00:05.3']);
  });

  test('follows ids from function to function', () => {
    // 03.0 uses 04.0, which uses 05.0.
    const functions = [endpoint('00:03.0'), endpoint('00:05.0'), endpoint('00:04.0')];
    const aliasesOf = ({ devfn }: { devfn: number }) => (devfn === 0x18 ? [0x20] : devfn === 0x20 ? [0x28] : []);
    expect(groupsOf(functions, {}, { aliasesOf })).toEqual(['00:03.0 00:04.0 00:05.0']);
  });

  test('follows ids into the functions of a slot, and from there on', () => {
    // 03.0 uses 04.1, a function of a device without ACS, whose function 0 uses 05.0.
    const functions = [
      endpoint('00:03.0'),
      endpoint('00:04.0', several),
      endpoint('00:04.1', several),
      endpoint('00:05.0'),
    ];
    const aliasesOf = ({ devfn }: { devfn: number }) => (devfn === 0x18 ? [0x21] : devfn === 0x20 ? [0x28] : []);
    expect(groupsOf(functions, {}, { aliasesOf })).toEqual(['00:03.0 00:04.0 00:04.1 00:05.0']);
  });

  test('ends when functions use each other’s ids', () => {
    const aliasesOf = ({ devfn }: { devfn: number }) => [devfn === 0x18 ? 0x20 : 0x18];
    const functions = [endpoint('00:03.0'), endpoint('00:04.0'), endpoint('00:05.0')];
    expect(groupsOf(functions, {}, { aliasesOf })).toEqual(['00:03.0 00:04.0 00:05.0']);
  });

  test('looks only at the bus of the function', () => {
    const functions = [PORT, endpoint('01:03.0'), endpoint('02:04.0'), pciBridge('00:02.0', 2)];
    expect(groupsOf(functions, {}, { aliasesOf: () => [0x20] })).toEqual(['00:01.0', '00:02.0 02:04.0', '01:03.0']);
  });

  test('judges the other functions of a slot, whether or not their bit is set', () => {
    const functions = [conventional('00:05.0'), conventional('00:05.1')];
    expect(groupsOf(functions)).toEqual(['00:05.0 00:05.1']);
  });
});

describe('a function plugged in after boot', () => {
  const boot = (functions: readonly PciFunction[]) => {
    const topology = topologyOf(functions);
    return { topology, iommu: group(topology) };
  };
  const replug = (
    { topology, iommu }: ReturnType<typeof boot>,
    address: string,
    description: PciFunction,
  ): string[] => {
    const old = at(topology, address);
    iommu.removeDevice(old);
    topology.remove(old);
    iommu.addDevice(topology.add(description));
    return groupLines(iommu);
  };
  const FIRST = endpoint('00:05.0', several);

  test('shares a group at boot, though its multifunction bit is clear', () => {
    expect(groupsOf([FIRST, endpoint('00:05.1')])).toEqual(['00:05.0 00:05.1']);
  });

  test('has a group of its own without the multifunction bit, although it shared one at boot', () => {
    const machine = boot([FIRST, endpoint('00:05.1')]);
    expect(replug(machine, '00:05.1', endpoint('00:05.1'))).toEqual(['00:05.0', '00:05.1']);
  });

  test('joins again with the multifunction bit', () => {
    const machine = boot([FIRST, endpoint('00:05.1', several)]);
    expect(replug(machine, '00:05.1', endpoint('00:05.1', several))).toEqual(['00:05.0 00:05.1']);
  });

  test('does not join two groups that it belongs to both: it takes the first found', () => {
    const { topology, iommu } = boot([FIRST, endpoint('00:05.1', { ...several, acs: ACS_ON })]);
    const between = topology.add(endpoint('00:05.2', { ...several, id: '1b4b:9230' }));
    iommu.addDevice(between);
    expect(groupLines(iommu)).toEqual(['00:05.0', '00:05.1 00:05.2']);
  });

  test('takes the lowest free id', () => {
    const machine = boot([endpoint('00:03.0'), endpoint('00:04.0')]);
    expect(replug(machine, '00:03.0', endpoint('00:03.0'))).toEqual(['00:03.0', '00:04.0']);
  });
});

describe('what the input does not hold', () => {
  const doubtful: readonly [string, PciFunction[]][] = [
    ['the ACS capability of the port above', [unread(OPEN_PORT, 'acs'), endpoint('01:00.0')]],
    ['the kind of the bridge above', [unread(OPEN_PORT, 'express', 'acs'), endpoint('01:00.0')]],
  ];

  test.each(doubtful)('puts functions together if it must be sure: %s', (_, functions) => {
    expect(groupsOf(functions)).toEqual(['00:01.0 01:00.0']);
  });

  test.each(doubtful)('keeps functions apart if it may hope: %s', (_, functions) => {
    expect(groupsOf(functions, { unknown: 'optimistic' })).toEqual(['00:01.0', '01:00.0']);
  });
});

test('gives a function of a bus that hangs in the air a group of its own', () => {
  const functions = [rootPort('00:01.0', 0, { acs: ACS_ON }), endpoint('05:00.0')];
  const topology: PciTopology = topologyOf(functions);
  expect(groupLines(group(topology))).toEqual(['00:01.0', '05:00.0']);
});
