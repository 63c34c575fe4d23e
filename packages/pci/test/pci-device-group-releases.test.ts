import { describe, expect, test } from 'vitest';
import type { PciDevice, PciFunction } from '../src/index.js';
import {
  ACS_ON,
  conventional,
  endpoint,
  pciBridge,
  pcieToPci,
  rootPort,
  unread,
  upstreamPort,
  virtualFunction,
} from './support/functions.js';
import { groupsOf, reasonFor } from './support/toy-driver.js';

const several = { multifunction: true };
const PORT = rootPort('00:01.0', 1, { acs: ACS_ON, subordinateBus: 9 });
const OPEN_PORT = rootPort('00:01.0', 1, { subordinateBus: 9 });

const under = (rule: string) => ({ rules: { 'pci-group': rule } });

describe('Linux 3.6 to 3.16', () => {
  const groups = (...functions: PciFunction[]) => groupsOf(functions, under('v3.6'));
  const ruleFor = (address: string, ...functions: PciFunction[]) => {
    const { rule, other } = reasonFor(address, functions, under('v3.6'));
    return `${rule} ${other.name.slice(5)}`;
  };

  test('gives an endpoint below an isolating port a group of its own', () => {
    expect(groups(PORT, endpoint('01:00.0'))).toEqual(['00:01.0', '01:00.0']);
  });

  test('gives what is below a way that does not isolate the group of the lowest bridge of that way', () => {
    const upstream = upstreamPort('01:00.0', 2, { subordinateBus: 9 });
    expect(ruleFor('02:00.0', OPEN_PORT, upstream, endpoint('02:00.0'))).toBe('acs-missing-upstream 00:01.0');
  });

  test('gives functions without ACS the group of function 0, though that one isolates', () => {
    const functions = [
      endpoint('00:05.0', { ...several, acs: ACS_ON }),
      endpoint('00:05.1', several),
      endpoint('00:05.2', several),
    ];
    expect(groups(...functions)).toEqual(['00:05.0 00:05.1 00:05.2']);
  });

  test('gives functions without ACS groups of their own when there is no function 0', () => {
    expect(groups(endpoint('00:05.1'), endpoint('00:05.2'))).toEqual(['00:05.1', '00:05.2']);
  });

  test('leaves a function with ACS on its own', () => {
    expect(groups(endpoint('00:05.0', several), endpoint('00:05.1', { ...several, acs: ACS_ON }))).toEqual([
      '00:05.0',
      '00:05.1',
    ]);
  });

  test('gives what is behind a conventional bridge on the root bus its group', () => {
    expect(ruleFor('01:01.0', pciBridge('00:1e.0', 1), conventional('01:01.0'))).toBe('dma-alias 00:1e.0');
  });

  test('takes the highest of several conventional bridges', () => {
    const functions = [pciBridge('00:1e.0', 1), pciBridge('01:02.0', 2), conventional('02:01.0')];
    expect(ruleFor('02:01.0', ...functions)).toBe('dma-alias 00:1e.0');
  });

  test('gives what is behind a bridge to PCI the group of the bridge', () => {
    expect(groups(PORT, pcieToPci('01:00.0', 2), conventional('02:00.0'), conventional('02:01.0'))).toEqual([
      '00:01.0',
      '01:00.0 02:00.0 02:01.0',
    ]);
  });

  test('takes function 00.0 behind a bridge to PCI for the requester of all behind it', () => {
    const functions = [pcieToPci('00:03.0', 1), conventional('01:00.0'), conventional('01:01.0')];
    expect(groupsOf(functions, under('v3.6'), { uncovered: ['00:03.0'] })).toEqual(['01:00.0', '01:01.0']);
  });

  test('takes no function for the requester of conventional ones right below a port', () => {
    expect(groups(PORT, conventional('01:00.0'), conventional('01:01.0'))).toEqual(['00:01.0', '01:00.0', '01:01.0']);
  });

  test('gives a function that uses the id of another its group', () => {
    const ricoh = endpoint('00:05.1', { id: '1180:e832', acs: ACS_ON });
    expect(groups(endpoint('00:05.0', { ...several, acs: ACS_ON }), ricoh)).toEqual(['00:05.0 00:05.1']);
  });

  test('leaves a function that uses the id of an absent one on its own', () => {
    expect(groups(endpoint('00:05.1', { id: '1180:e832', acs: ACS_ON }))).toEqual(['00:05.1']);
  });

  test('takes the bridge to PCI itself for the requester where there is no function 00.0', () => {
    const bridge = pcieToPci('01:00.0', 2);
    expect(ruleFor('02:01.0', PORT, bridge, conventional('02:01.0'))).toBe('dma-alias 01:00.0');
    // With one, that stands for all, and the bridge does not isolate it.
    expect(ruleFor('02:01.0', PORT, bridge, conventional('02:00.0'), conventional('02:01.0'))).toBe(
      'acs-missing-upstream 01:00.0',
    );
  });

  test('takes no function 00.0 behind a conventional bridge for the requester', () => {
    const functions = [pciBridge('00:1e.0', 1), conventional('01:00.0'), conventional('01:01.0')];
    expect(ruleFor('01:01.0', ...functions)).toBe('dma-alias 00:1e.0');
  });

  test('takes no bridge for the requester of a PCI Express function', () => {
    expect(ruleFor('02:01.0', PORT, pcieToPci('01:00.0', 2), endpoint('02:01.0'))).toBe('acs-missing-upstream 01:00.0');
  });

  test('takes a function for conventional whose kind was not read', () => {
    const unknown = unread(conventional('01:01.0'), 'express');
    expect(ruleFor('01:01.0', pciBridge('00:1e.0', 1), unknown)).toBe('dma-alias 00:1e.0');
  });

  test('says what a function of several lacks, and nothing of the kind of function 0', () => {
    const functions = [endpoint('00:05.0', several), endpoint('00:05.1', several)];
    expect(ruleFor('00:05.0', ...functions)).toBe('isolated 00:05.0');
    const { rule, verdicts } = reasonFor('00:05.1', functions, under('v3.6'));
    expect([rule, verdicts.map(({ device }) => device.name)]).toEqual(['multifunction-without-acs', ['0000:00:05.1']]);
  });

  test('says of a function on its own which bridges isolate it', () => {
    const { rule, verdicts } = reasonFor('01:00.0', [PORT, endpoint('01:00.0')], under('v3.6'));
    expect([rule, verdicts.map(({ device }) => device.name)]).toEqual(['isolated', ['0000:00:01.0']]);
  });

  test('skips the virtual bus of virtual functions', () => {
    expect(groups(OPEN_PORT, endpoint('01:00.0'), virtualFunction('02:10.0', '01:00.0'))).toEqual([
      '00:01.0 01:00.0 02:10.0',
    ]);
  });

  test('says that a function on its own is isolated', () => {
    expect(ruleFor('00:05.0', endpoint('00:05.0'))).toBe('isolated 00:05.0');
  });
});

describe('Linux 3.17', () => {
  const MARVELL = endpoint('01:00.0', { id: '1b4b:9230' });

  test('joins a whole bus for one function that uses the id of another, though that one is absent', () => {
    expect(groupsOf([PORT, MARVELL, endpoint('01:03.0')], under('v3.17'))).toEqual(['00:01.0', '01:00.0 01:03.0']);
  });

  test('joins no other bus for it', () => {
    const functions = [PORT, MARVELL, rootPort('00:02.0', 2, { acs: ACS_ON }), endpoint('02:00.0')];
    expect(groupsOf(functions, under('v3.17'))).toEqual(['00:01.0', '00:02.0', '01:00.0', '02:00.0']);
  });

  test('says that an alias on the bus did it', () => {
    const reason = reasonFor('01:03.0', [PORT, MARVELL, endpoint('01:03.0')], under('v3.17'));
    expect([reason.rule, reason.other.name]).toEqual(['bus-with-alias', '0000:01:00.0']);
  });

  test('joins functions of a slot that do not isolate', () => {
    const functions = [endpoint('00:05.0', several), endpoint('00:05.1'), endpoint('00:05.2', { acs: ACS_ON })];
    expect(groupsOf(functions, under('v3.17'))).toEqual(['00:05.0 00:05.1', '00:05.2']);
    const { verdicts, aliases } = reasonFor('00:05.1', functions, under('v3.17'));
    expect([verdicts.map(({ device }) => device.name), aliases]).toEqual([['0000:00:05.1', '0000:00:05.0'], []]);
  });

  test('joins a whole bus for one function of which firmware says that it uses the id of another', () => {
    const functions = [endpoint('00:04.0'), endpoint('00:05.0'), endpoint('00:06.0')];
    const aliasesOf = ({ devfn }: PciDevice) => (devfn === 0x28 ? [0x30] : []);
    expect(groupsOf(functions, under('v3.17'), { aliasesOf })).toEqual(['00:04.0 00:05.0 00:06.0']);
    expect(groupsOf(functions, under('v3.17'), { aliasesOf: () => [] })).toEqual(['00:04.0', '00:05.0', '00:06.0']);
  });

  test('follows bridges as later releases do', () => {
    const functions = [OPEN_PORT, endpoint('01:00.0'), pciBridge('00:1e.0', 2), conventional('02:00.0')];
    expect(groupsOf(functions, under('v3.17'))).toEqual(['00:01.0 01:00.0', '00:1e.0 02:00.0']);
  });
});

test.each([
  ['5.5', ['00:0e.0', '10000:e0:06.0']],
  ['5.6', ['00:0e.0 10000:e0:06.0']],
])('puts the segment of a VMD endpoint into its group from 5.6 on (%s)', (release, expected) => {
  const functions = [endpoint('00:0e.0', { id: '8086:9a0b' }), endpoint('10000:e0:06.0', { segmentHost: '00:0e.0' })];
  expect(groupsOf(functions, { release })).toEqual(expected);
});

describe('since Linux 3.18', () => {
  test.each([{}, under('v3.18')])('only real partners share a group (%o)', (settings) => {
    const functions = [PORT, endpoint('01:00.0', { id: '1b4b:9230' }), endpoint('01:03.0', { acs: ACS_ON })];
    expect(groupsOf(functions, settings)).toEqual(['00:01.0', '01:00.0', '01:03.0']);
  });
});
